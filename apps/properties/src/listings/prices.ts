import type { MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { fill, numbered, parameters } from "../sql/statements.ts";

/** The price of a property before and after its listing was made again; `before` is undefined for a new listing. */
export interface PriceChange {
  id: number;
  before: number | null | undefined;
  now: number | null;
}

/**
 * Adds new prices to the history, in the transaction that has locked the blocks of the properties. A price that was there before anything
 * was noticed is added with the first one that follows it, without a time. At most `idsAtOnce` of `refresh.ts`. Unless `isKnown`, new
 * listings may be of properties that have long been there.
 */
export async function addPrices(
  db: Database,
  on: MysqlConnection,
  changes: PriceChange[],
  { idsAtOnce, isKnown }: { idsAtOnce: number; isKnown: boolean },
): Promise<void> {
  if (changes.length === 0) return;
  const ids = numbered(
    "id",
    changes.map(({ id }) => id),
    idsAtOnce,
  );
  const text = fill(db.statements.priced, { ids: parameters("id", idsAtOnce) });
  const priced = new Set((await select(on, text, ids)).map(({ id }) => id));
  const rows = changes.flatMap(({ id, before, now }) => [
    ...(before === undefined || priced.has(id) ? [] : [{ id, price: before, time: "NULL" }]),
    ...(before === undefined && !isKnown ? [] : [{ id, price: now, time: "UTC_TIMESTAMP(3)" }]),
  ]);
  if (rows.length === 0) return;
  const lists = rows.map(({ time }, i) => `(:id${i + 1}, :price${i + 1}, ${time})`);
  await write(on, fill(db.statements["add-prices"], { rows: lists.join(", ") }), {
    ...numbered(
      "id",
      rows.map(({ id }) => id),
      rows.length,
    ),
    ...numbered(
      "price",
      rows.map(({ price }) => price),
      rows.length,
    ),
  });
}

/** Removes the prices of properties that are gone. */
export async function dropPrices(db: Database, on: MysqlConnection, ids: number[], idsAtOnce: number): Promise<void> {
  if (ids.length === 0) return;
  const text = fill(db.statements["drop-prices"], { ids: parameters("id", idsAtOnce) });
  await write(on, text, numbered("id", ids, idsAtOnce));
}
