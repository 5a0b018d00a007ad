import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "./database.ts";
import { bitOf, pairOf, placeOfId } from "./id-sets.ts";
import { fill, numbered, parameters, withLines } from "./statements.ts";
import type { Listed, TermRange } from "./terms.ts";

/** How many terms one statement changes. */
const termsAtOnce = 50;
/** How many terms of a block one statement stores. */
const filledAtOnce = 500;

/** The members of one term in one block. */
export interface TermMembers {
  term: string;
  block: number;
  members: Buffer;
}

/** The members of the terms of a range, in the order of the terms, `rows` at most. */
export function readTerms(db: Database, range: TermRange, rows: number, descending = false): Promise<TermMembers[]> {
  const text = withLines(db.statements["read-terms"], new Set([descending ? "descending" : "ascending"]));
  return select<TermMembers>(db.searching, text, { ...range, rows });
}

/** The key of all cities that are equal to this one. */
export async function findCityKey(db: Database, city: string): Promise<string> {
  const [found] = await select<{ cityKey: string }>(db.searching, db.statements["city-key"], { city });
  return found?.cityKey ?? "";
}

/** Puts a property under more terms. The block is held by `lockBlock`. */
export async function addTerms(db: Database, on: MysqlConnection, id: number, terms: string[]): Promise<void> {
  const rows = Array.from({ length: termsAtOnce }, (_, i) => `(:term${i + 1}, :block, :pair)`).join(", ");
  const text = fill(db.statements["add-terms"], { rows });
  const { block, place } = placeOfId(id);
  const values = { block, pair: pairOf(place), ...bitOf(place) };
  for (const some of portions(terms, termsAtOnce)) {
    await write(on, text, { ...values, ...numbered("term", some, termsAtOnce) });
  }
}

/** Takes a property from under some terms; of one that no other in the block has, nothing is left. The block is held by `lockBlock`. */
export async function removeTerms(db: Database, on: MysqlConnection, id: number, terms: string[]): Promise<void> {
  const given = { terms: parameters("term", termsAtOnce) };
  const text = fill(db.statements["remove-terms"], given);
  const drop = fill(db.statements["drop-terms"], given);
  const { block, place } = placeOfId(id);
  const { byte, bit } = bitOf(place);
  const values = { block, pair: pairOf(place), byte, keep: 255 - bit };
  for (const some of portions(terms, termsAtOnce)) {
    const named = numbered("term", some, termsAtOnce);
    await write(on, text, { ...values, ...named });
    await write(on, drop, { block, ...named });
  }
}

/** Keeps other writers of a block out until the transaction ends. Answers whether the block is indexed. */
export async function lockBlock(db: Database, on: MysqlConnection, block: number): Promise<boolean> {
  await write(on, db.statements["lock-block"], { block });
  const [found] = await select<{ ready: number }>(on, db.statements["block-ready"], { block });
  return found?.ready === 1;
}

/** The first blocks that are still to be indexed. */
export async function findUnreadyBlocks(
  db: Database,
  on: MysqlPool | MysqlConnection,
  rows: number,
): Promise<number[]> {
  const found = await select<{ block: number }>(on, db.statements["unready-blocks"], { rows });
  return found.map(({ block }) => block);
}

/** Runs `work` unless another process is at it: false then. */
export async function ifAlone(db: Database, on: MysqlConnection, work: () => Promise<boolean>): Promise<boolean> {
  const [lock] = await select<{ got: number }>(on, db.statements["lock-index"], {});
  if (lock?.got !== 1) return false;
  try {
    return await work();
  } finally {
    await select(on, db.statements["unlock-index"], {});
  }
}

/** A block that is still to be indexed, held until the transaction ends. */
export async function takeUnreadyBlock(db: Database, on: MysqlConnection): Promise<number | undefined> {
  const [found] = await select<{ block: number }>(on, db.statements["take-block"], {});
  return found?.block;
}

/** All blocks are to be indexed anew. */
export async function markBlocks(db: Database, on: MysqlPool | MysqlConnection): Promise<void> {
  await write(on, db.statements["mark-blocks"], {});
}

/** What the index holds of the properties with ids from `first` up to `end`, without it, `rows` at most. */
export function readListed(
  db: Database,
  on: MysqlConnection,
  part: { first: number; end: number; rows: number },
): Promise<Listed[]> {
  return select<Listed>(on, db.statements["read-block"], part);
}

/** Stores all members of a block, which is held, in place of what there was. */
export async function storeBlock(
  db: Database,
  on: MysqlConnection,
  block: number,
  members: Map<string, Buffer>,
): Promise<void> {
  await write(on, db.statements["clear-block"], { block });
  const rows = Array.from({ length: filledAtOnce }, (_, i) => `(:term${i + 1}, :block, :members${i + 1})`).join(", ");
  const text = fill(db.statements["fill-block"], { rows });
  for (const some of portions([...members.keys()].sort(), filledAtOnce)) {
    const ofSome = some.map((term) => members.get(term) as Buffer);
    const values = { ...numbered("term", some, filledAtOnce), ...numbered("members", ofSome, filledAtOnce) };
    await write(on, text, { block, ...values });
  }
  await write(on, db.statements["block-done"], { block });
}

function portions<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
