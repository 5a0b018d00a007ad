import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { fill, numbered, parameters, withLines } from "../sql/statements.ts";
import { bitOf, encodePair, positionOfId } from "./id-sets.ts";
import type { IndexedListing, TermRange } from "./terms.ts";

/** Terms that one statement changes. */
const termsAtOnce = 50;
/** Terms of a block that one statement inserts. */
const insertedAtOnce = 500;

/** The members of one term in one block. */
export interface TermMembers {
  term: string;
  block: number;
  members: Buffer;
}

/** The members of the terms of a range, in the order of the terms, `rows` at most. */
export function readTerms(db: Database, range: TermRange, rows: number, descending = false): Promise<TermMembers[]> {
  const text = withLines(db.statements["read-terms"], new Set([descending ? "descending" : "ascending"]));
  return select(db.searchPool, text, { ...range, rows });
}

/** The key of a city or a type, equal for those that differ only in case and accents. */
export async function findTextKey(db: Database, text: string): Promise<string> {
  const [found] = await select(db.searchPool, db.statements["text-key"], { text });
  return found?.textKey ?? "";
}

/** Adds a property to terms. The block is locked by `lockBlock`. */
export async function addTerms(db: Database, on: MysqlConnection, id: number, terms: string[]): Promise<void> {
  const rows = Array.from({ length: termsAtOnce }, (_, i) => `(:term${i + 1}, :block, :pair)`).join(", ");
  const text = fill(db.statements["add-terms"], { rows });
  const { block, position } = positionOfId(id);
  const values = { block, pair: encodePair(position), ...bitOf(position) };
  for (const some of chunks(terms, termsAtOnce)) {
    await write(on, text, { ...values, ...numbered("term", some, termsAtOnce) });
  }
}

/** Removes a property from terms, and terms that become empty from the block. The block is locked by `lockBlock`. */
export async function removeTerms(db: Database, on: MysqlConnection, id: number, terms: string[]): Promise<void> {
  const parts = { terms: parameters("term", termsAtOnce) };
  const text = fill(db.statements["remove-terms"], parts);
  const drop = fill(db.statements["drop-terms"], parts);
  const { block, position } = positionOfId(id);
  const { byte, bit } = bitOf(position);
  const values = { block, pair: encodePair(position), byte, keep: 255 - bit };
  for (const some of chunks(terms, termsAtOnce)) {
    const named = numbered("term", some, termsAtOnce);
    await write(on, text, { ...values, ...named });
    await write(on, drop, { block, ...named });
  }
}

/** The terms that a property has in the index, read from all of its block. */
export async function readTermsOf(db: Database, on: MysqlConnection, id: number): Promise<string[]> {
  const { block, position } = positionOfId(id);
  const values = { block, pair: encodePair(position), ...bitOf(position) };
  const found = await select(on, db.statements["terms-of-member"], values);
  return found.map(({ term }) => term);
}

/** Locks a block against other writers until the transaction ends. Returns whether the block is indexed. */
export async function lockBlock(db: Database, on: MysqlConnection, block: number): Promise<boolean> {
  await write(on, db.statements["lock-block"], { block });
  const [found] = await select(on, db.statements["block-ready"], { block });
  return found?.ready === 1;
}

/** The first `rows` blocks that still have to be indexed. */
export async function findUnreadyBlocks(
  db: Database,
  on: MysqlPool | MysqlConnection,
  rows: number,
): Promise<number[]> {
  const found = await select(on, db.statements["unready-blocks"], { rows });
  return found.map(({ block }) => block);
}

/** Runs `work` while holding the index lock; returns false when another process holds it. */
export async function withIndexLock(db: Database, on: MysqlConnection, work: () => Promise<boolean>): Promise<boolean> {
  const [lock] = await select(on, db.statements["lock-index"], {});
  if (lock?.got !== 1) return false;
  try {
    return await work();
  } finally {
    await select(on, db.statements["unlock-index"], {});
  }
}

/** Locks a block that still has to be indexed until the transaction ends; undefined when there is none. */
export async function lockUnreadyBlock(db: Database, on: MysqlConnection): Promise<number | undefined> {
  const [found] = await select(on, db.statements["take-block"], {});
  return found?.block;
}

/** Marks all blocks as not indexed. */
export async function markBlocks(db: Database, on: MysqlPool | MysqlConnection): Promise<void> {
  await write(on, db.statements["mark-blocks"], {});
}

/** The indexed fields of the listings with ids from `first` to `end` (exclusive), at most `rows`. */
export function readListings(
  db: Database,
  on: MysqlConnection,
  part: { first: number; end: number; rows: number },
): Promise<IndexedListing[]> {
  return select(on, db.statements["read-block"], part);
}

/** Replaces all terms of a locked block. */
export async function replaceBlock(
  db: Database,
  on: MysqlConnection,
  block: number,
  members: Map<string, Buffer>,
): Promise<void> {
  await write(on, db.statements["clear-block"], { block });
  const rows = Array.from({ length: insertedAtOnce }, (_, i) => `(:term${i + 1}, :block, :members${i + 1})`).join(", ");
  const text = fill(db.statements["fill-block"], { rows });
  for (const some of chunks([...members.keys()].sort(), insertedAtOnce)) {
    const ofSome = some.map((term) => members.get(term) as Buffer);
    const values = { ...numbered("term", some, insertedAtOnce), ...numbered("members", ofSome, insertedAtOnce) };
    await write(on, text, { block, ...values });
  }
  await write(on, db.statements["block-done"], { block });
}

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
