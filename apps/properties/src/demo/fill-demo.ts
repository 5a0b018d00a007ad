import { inMysqlTransaction } from "@quintet/db";
import type { Deps } from "../deps.ts";
import { copyListings } from "../listings/refresh.ts";
import { positionOfId } from "../term-index/id-sets.ts";
import { indexAll } from "../term-index/term-index.ts";
import { markBlocks } from "../term-index/term-queries.ts";
import { anyProperty, insertProperties, insertStatuses, lockDemo } from "./bulk-queries.ts";
import { demoListings } from "./listings.ts";

const count = 400;

/**
 * Creates demo listings in an empty database, always the same ones, in one transaction. Does nothing when there is any property. Processes
 * that start together wait for each other.
 */
export async function fillDemo(deps: Deps, progress: (line: string) => void): Promise<void> {
  const { db } = deps;
  if (await anyProperty(db, db.pool)) return;
  const started = performance.now();
  const statuses = await db.statuses();
  const filled = await inMysqlTransaction(db.pool, async (on) => {
    await lockDemo(db, on);
    if (await anyProperty(db, on)) return false;
    const listings = demoListings(count);
    const first = await insertProperties(
      db,
      on,
      listings.map(({ fields }) => fields),
    );
    const history = listings.flatMap((listing, i) =>
      listing.history.map(({ status, updateDate }) => ({
        id: first + i,
        statusId: statuses.idFor(status),
        updateDate,
      })),
    );
    await insertStatuses(db, on, history);
    for (const block of new Set(listings.map((_, i) => positionOfId(first + i).block))) {
      await copyListings(db, on, { block }, true);
    }
    await markBlocks(db, on);
    await indexAll(db, on);
    return true;
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (filled) progress(`Demo data: ${count} properties created in ${seconds} s`);
}
