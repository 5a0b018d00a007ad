import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import { HealthCheckError, HealthDetails, Problem } from "@quintet/http";
import { type Database, select, write } from "../database.ts";
import { blockSize, maxId, positionOfId } from "../term-index/id-sets.ts";
import { indexAll } from "../term-index/term-index.ts";
import { lockBlock } from "../term-index/term-queries.ts";
import { applyChanges } from "./changes.ts";
import { copyListings } from "./refresh.ts";

/** Up to this many properties, the listings are made before the first response. */
const fewProperties = 20_000;

/** With more changes than this a read does not wait for them: another program changes many rows at once. */
export const mostWaiting = 4000;
/** Up to this many waiting changes are counted. */
const mostCounted = 1_000_000;

/** How far the listings have been made. */
export interface BuildProgress {
  complete: boolean;
  /** The part of the properties whose listings are there, from 0 to 1. */
  share: number;
}

/**
 * Makes the listings of the next block of ids; false when all are there. An interrupted block starts over. The block is indexed by its words
 * later.
 */
export function buildNextBlock(db: Database): Promise<boolean> {
  return inMysqlTransaction(
    db.pool,
    async (on) => {
      const [build] = await select(on, db.statements["lock-build"], {});
      if (!build || build.complete === 1) return false;
      const [next] = await select(on, db.statements["next-property"], { from: build.nextId });
      const id = next?.id ?? null;
      const total = build.total ?? (await countAll(db, on));
      if (id === null || id > maxId) {
        await write(on, db.statements["built-until"], { nextId: build.nextId, complete: 1, made: 0, total });
        return false;
      }
      const { block } = positionOfId(id);
      const end = (block + 1) * blockSize;
      await lockBlock(db, on, block);
      await copyListings(db, on, { block }, true);
      await write(on, db.statements["unready-block"], { block });
      const [found] = await select(on, db.statements["count-block"], { first: block * blockSize, end });
      await write(on, db.statements["built-until"], { nextId: end, complete: 0, made: found?.count ?? 0, total });
      return true;
    },
    "READ COMMITTED",
  );
}

async function countAll(db: Database, on: MysqlConnection): Promise<number> {
  const [found] = await select(on, db.statements["count-all"], {});
  return found?.count ?? 0;
}

/** Makes and indexes all listings that are missing, unless there are very many: those are made in the background. */
export async function buildFew(db: Database): Promise<void> {
  const progress = await readBuild(db);
  if (progress.complete) return;
  const [found] = await select(db.pool, db.statements["count-properties"], { most: fewProperties + 1 });
  if ((found?.count ?? 0) > fewProperties) return;
  while (await buildNextBlock(db));
  await inMysqlTransaction(db.pool, (on) => indexAll(db, on), "READ COMMITTED");
}

/** How far the listings have been made. */
export async function readBuild(db: Database): Promise<BuildProgress> {
  const [build] = await select(db.pool, db.statements["build-progress"], {});
  if (!build) throw new Error("The table listing_build is empty.");
  if (build.complete === 1) return { complete: true, share: 1 };
  const { made, total } = build;
  return { complete: false, share: total === null || total === 0 ? 0 : Math.min(1, made / total) };
}

/** The error for a search while listings are missing. */
export async function notBuilt(db: Database): Promise<Problem> {
  const { share } = await readBuild(db);
  const detail = `The listings are being made from the properties that are there: ${Math.floor(share * 100)}% so far.`;
  return new Problem("unavailable", detail, { headers: { "Retry-After": "10" } });
}

/**
 * What a process does for the listings in the background: makes those of the next block that is missing, and once all are there applies
 * changes. Before that nobody reads them, and however many changes there are, they do not hold up the other blocks.
 */
export async function followTables(db: Database, signal: AbortSignal): Promise<boolean> {
  if (await buildNextBlock(db)) return true;
  await applyChanges(db, signal);
  return false;
}

/** Whether all listings are made, and no more changes wait than a read applies. */
export async function isNearlyFresh(db: Database): Promise<boolean> {
  const [{ complete }, [found]] = await Promise.all([
    readBuild(db),
    select(db.pool, db.statements.followed, { most: mostWaiting + 1 }),
  ]);
  return complete && (found?.waiting ?? 0) <= mostWaiting;
}

/** Reports how the listings follow their tables; `degraded` while some are missing, or many changes wait. */
export async function checkListings(db: Database): Promise<HealthDetails> {
  const [{ capture }, { complete, share }, [found]] = await Promise.all([
    db.source(),
    readBuild(db),
    select(db.pool, db.statements.followed, { most: mostCounted }),
  ]);
  const waiting = found?.waiting ?? 0;
  const unready = found?.unready ?? 0;
  const details = {
    follows: capture,
    built: `${Math.floor(share * 100)}%`,
    changesWaiting: waiting,
    blocksToIndex: unready,
  };
  const why = !complete
    ? "Listings are being made"
    : waiting > mostWaiting
      ? "Many changes wait to be applied"
      : undefined;
  if (why) throw new HealthCheckError("degraded", why, undefined, details);
  return new HealthDetails(details);
}
