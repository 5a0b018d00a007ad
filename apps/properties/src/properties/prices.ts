import { type Database, select } from "../database.ts";
import { followWrite } from "../listings/changes.ts";
import { withLines } from "../sql/statements.ts";
import { readProperty } from "./properties.ts";

/** A price of a property, since the time when it was seen; null for one that was there before its changes were noted. */
export interface SeenPrice {
  id: number;
  price: number | null;
  since: Date | null;
}

/** Prices that differ less are equal: the history has four digits after the point. */
const smallest = 0.00005;

/**
 * A page of a property's prices, latest first; `more` when there are further ones. A change that another program made is noticed here at the
 * latest. Throws `not-found` as `readProperty` does.
 */
export async function readPrices(
  db: Database,
  id: number,
  page: { seesAll: boolean; limit: number; after?: number | undefined },
): Promise<{ prices: SeenPrice[]; more: boolean }> {
  const { seesAll, limit, after } = page;
  const { price } = await readProperty(db, id, seesAll);
  const text = withLines(db.statements.prices, new Set(after === undefined ? [] : ["after"]));
  const values = { id, rows: limit + 1, ...(after === undefined ? {} : { afterId: after }) };
  const find = () => select(db.pool, text, values);
  let prices = await find();
  if (after === undefined) {
    const [listed] = await select(db.pool, db.statements["listed-price"], { id });
    if (listed && !isSame(listed.price, price)) {
      await followWrite(db, id);
      prices = await find();
    }
    if (prices.length === 0) prices = [{ id: 0, price, since: null }];
  }
  return { prices: prices.slice(0, limit), more: prices.length > limit };
}

function isSame(one: number | null, other: number | null): boolean {
  return one === null || other === null ? one === other : Math.abs(one - other) <= smallest;
}
