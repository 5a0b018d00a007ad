import type { MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { addSearchChanges, type ListingChange } from "../saved-searches/changes.ts";
import { fill, numbered, parameters, withLines } from "../sql/statements.ts";
import { blockSize, positionOfId } from "../term-index/id-sets.ts";
import { indexBlock } from "../term-index/term-index.ts";
import { addTerms, lockBlock, readTermsOf, removeTerms } from "../term-index/term-queries.ts";
import { filterTermsOf, isWord, type ListedFields, wordTermsOf } from "../term-index/terms.ts";
import { addPrices, dropPrices, type PriceChange } from "./prices.ts";

/** See `source-rows`. */
const noPrice = 1e15;
/** Max properties of a call of `refreshListings`. */
export const idsAtOnce = 256;
/** A block with more changed listings than this is indexed as a whole. */
const changedAtOnce = 64;

/** A listing as the term index has it, and where it is: its words are known by a key of its texts. */
interface Listed extends ListedFields {
  id: number;
  textKey: string | null;
  lat: number | null;
  lon: number | null;
}

interface Texts {
  id: number;
  address: string | null;
  description: string | null;
}

/**
 * Makes the listings of some properties what `property` and `status_history` say at this moment, with their places in the term index; removes
 * those of properties that are gone. The transaction must be READ COMMITTED, and lock nothing else later: the blocks of the ids stay locked
 * until it ends, so that of two writers of a listing the second sees what the first has seen. `stillWanted` narrows the ids down once they
 * are locked.
 */
export async function refreshListings(
  db: Database,
  on: MysqlConnection,
  ids: number[],
  stillWanted: () => Promise<number[]> = async () => ids,
): Promise<void> {
  const ready = new Map<number, boolean>();
  for (const block of [...new Set(ids.map((id) => positionOfId(id).block))].sort((a, b) => a - b)) {
    ready.set(block, await lockBlock(db, on, block));
  }
  const wanted = await stillWanted();
  if (wanted.length === 0) return;
  const before = await readListed(db, on, wanted);
  // While listings are being made, a new one may be of a property that has long been there.
  const isKnown = wanted.every((id) => before.has(id)) || (await isBuilt(db, on));
  await copyListings(db, on, { ids: wanted }, !isKnown);
  const gone = await findGone(db, on, wanted);
  await dropListings(db, on, gone);
  const after = await readListed(db, on, wanted);
  await addPrices(db, on, priceChanges(wanted, before, after), { idsAtOnce, isKnown });
  await dropPrices(db, on, gone, idsAtOnce);
  const changed = wanted.filter((id) => !isSame(before.get(id), after.get(id)));
  for (const [block, some] of Map.groupBy(changed, (id) => positionOfId(id).block)) {
    // A block that is not ready is indexed later as a whole.
    if (ready.get(block) !== true) continue;
    if (some.length > changedAtOnce) await indexBlock(db, on, block);
    else await reindexSome(db, on, some, before, after);
  }
  if (isKnown) await addSearchChanges(db, on, changesOf(wanted, before, after));
}

/** The listings, visible now or once, in which something differs that searches filter by. */
function changesOf(ids: number[], before: Map<number, Listed>, after: Map<number, Listed>): ListingChange[] {
  return ids.flatMap((id) => {
    const [was, now] = [before.get(id), after.get(id)];
    if (!now || now.firstSeen === null) return [];
    const reworded = was?.textKey !== now.textKey;
    const isMoved = was?.lat !== now.lat || was?.lon !== now.lon;
    return reworded || isMoved || !isSame(was, now) ? [{ id, was, reworded }] : [];
  });
}

/** The prices that are others than before; in `listing` no price is `noPrice`. */
function priceChanges(ids: number[], before: Map<number, Listed>, after: Map<number, Listed>): PriceChange[] {
  const priceOf = (listed: Listed) => (listed.price === noPrice ? null : listed.price);
  return ids.flatMap((id) => {
    const [old, now] = [before.get(id), after.get(id)];
    if (!now || (old && priceOf(old) === priceOf(now))) return [];
    return [{ id, before: old && priceOf(old), now: priceOf(now) }];
  });
}

/** Some properties, or those of a block of ids. */
export type Part = { ids: number[] } | { block: number };

/**
 * Copies the listings of a part from the tables that they follow. Listings whose properties are gone stay. A new one that is visible became so
 * now, or if `dated` when it got its first visible status.
 */
export async function copyListings(db: Database, on: MysqlConnection, part: Part, dated: boolean): Promise<void> {
  const { text, values } = await sourceRows(db, "copy-listings", part, dated);
  await write(on, text, values);
  await copyPlaces(db, on, part);
}

/** The same for the places alone; removes those that are gone. */
export async function copyPlaces(db: Database, on: MysqlConnection, part: Part): Promise<void> {
  const { textOf, values, arePlaced } = await sourcePlaces(db, part);
  if (arePlaced) await write(on, textOf("copy-places"), values);
  const gone = (await select(on, textOf("gone-places"), values)).map(({ id }) => id);
  for (let i = 0; i < gone.length; i += idsAtOnce) {
    const some = numbered("id", gone.slice(i, i + idsAtOnce), idsAtOnce);
    await write(on, withIds(db.statements["drop-places"]), some);
  }
}

/** Statements about the places of a part, and whether the schema has columns for them. */
async function sourcePlaces(db: Database, part: Part) {
  const { columns } = await db.source();
  const arePlaced = columns.has("lat") && columns.has("lon");
  const lines = new Set([arePlaced ? "somewhere" : "nowhere", "ids" in part ? "ids" : "block"]);
  const places = withLines(db.statements["source-places"], lines);
  const textOf = <N extends "copy-places" | "gone-places" | "place-differences">(name: N) =>
    withIds(fill(withLines(db.statements[name], lines), { places }));
  return { textOf, values: valuesOf(part), arePlaced };
}

/** The values for a part. Those of the lines that were not chosen are not sent. */
function valuesOf(part: Part) {
  const [ids, block] = "ids" in part ? [part.ids, 0] : [[], part.block];
  return { first: block * blockSize, end: (block + 1) * blockSize, ...numbered("id", ids, idsAtOnce) };
}

/** The ids of a block whose listings are not what the tables that they follow say. */
export async function findDifferences(db: Database, block: number): Promise<number[]> {
  const { text, values } = await sourceRows(db, "differences", { block });
  const found = await select(db.pool, text, values);
  const places = await sourcePlaces(db, { block });
  const moved = places.arePlaced ? await select(db.pool, places.textOf("place-differences"), places.values) : [];
  const gone = await select(db.pool, places.textOf("gone-places"), places.values);
  return [...new Set([...found, ...moved, ...gone].map(({ id }) => id))];
}

/** A statement about what the listings of a part are made of, for the columns that the schema has. */
async function sourceRows<N extends "copy-listings" | "differences">(db: Database, name: N, part: Part, dated = false) {
  const { columns } = await db.source();
  const optional = (["rooms", "area", "type"] as const).map((column) =>
    columns.has(column) ? column : `no${column[0]!.toUpperCase()}${column.slice(1)}`,
  );
  const byIds = "ids" in part;
  const rows = withLines(db.statements["source-rows"], new Set([...optional, byIds ? "ids" : "block"]));
  return {
    text: withIds(fill(db.statements[name], { rows })),
    values: { ...valuesOf(part), dated: dated ? 1 : 0 },
  };
}

function withIds<Text extends string>(text: Text): Text {
  return fill(text, { ids: parameters("id", idsAtOnce) });
}

async function readListed(db: Database, on: MysqlConnection, ids: number[]): Promise<Map<number, Listed>> {
  const found = await select(on, withIds(db.statements["indexed-fields"]), numbered("id", ids, idsAtOnce));
  return new Map(found.map((listed) => [listed.id, listed]));
}

/** Those of some ids that no property has. */
async function findGone(db: Database, on: MysqlConnection, ids: number[]): Promise<number[]> {
  const found = await select(on, withIds(db.statements.existing), numbered("id", ids, idsAtOnce));
  const existing = new Set(found.map(({ id }) => id));
  return ids.filter((id) => !existing.has(id));
}

async function isBuilt(db: Database, on: MysqlConnection): Promise<boolean> {
  const [build] = await select(on, db.statements["build-progress"], {});
  return build?.complete === 1;
}

async function dropListings(db: Database, on: MysqlConnection, ids: number[]): Promise<void> {
  if (ids.length > 0) await write(on, withIds(db.statements["drop-listings"]), numbered("id", ids, idsAtOnce));
}

function isSame(before: Listed | undefined, after: Listed | undefined): boolean {
  if (!before || !after) return before === after;
  return before.textKey === after.textKey && filterTermsOf(before).symmetricDifference(filterTermsOf(after)).size === 0;
}

/** Updates the terms of some listings of a locked block. */
async function reindexSome(
  db: Database,
  on: MysqlConnection,
  ids: number[],
  before: Map<number, Listed>,
  after: Map<number, Listed>,
): Promise<void> {
  const reworded = ids.filter((id) => before.get(id)?.textKey !== after.get(id)?.textKey);
  const texts = await readTexts(
    db,
    on,
    reworded.filter((id) => after.has(id)),
  );
  for (const id of ids) {
    const [old, now] = [before.get(id), after.get(id)];
    const removed = old ? filterTermsOf(old) : new Set<string>();
    const added = now ? filterTermsOf(now) : new Set<string>();
    if (old?.textKey !== now?.textKey) {
      // What the words were is known only to the index.
      if (old) for (const term of await readTermsOf(db, on, id)) if (isWord(term)) removed.add(term);
      const text = texts.get(id);
      if (text) for (const term of wordTermsOf(text)) added.add(term);
    }
    await removeTerms(db, on, id, [...removed.difference(added)]);
    await addTerms(db, on, id, [...added.difference(removed)]);
  }
}

async function readTexts(db: Database, on: MysqlConnection, ids: number[]): Promise<Map<number, Texts>> {
  if (ids.length === 0) return new Map();
  const found = await select(on, withIds(db.statements.texts), numbered("id", ids, idsAtOnce));
  return new Map(found.map((texts) => [texts.id, texts]));
}
