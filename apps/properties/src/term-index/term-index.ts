import { setImmediate as others, setTimeout as pause } from "node:timers/promises";
import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import type { Database } from "../database.ts";
import { blockSize, encodeMembers, positionOfId } from "./id-sets.ts";
import { findUnreadyBlocks, lockUnreadyBlock, readListings, replaceBlock, withIndexLock } from "./term-queries.ts";
import { termsOf } from "./terms.ts";

/** Listings that are processed before the event loop gets its turn. */
const readAtOnce = 64;

/** Indexes a block that is locked by the transaction. */
export async function indexBlock(db: Database, on: MysqlConnection, block: number): Promise<void> {
  const positions = new Map<string, number[]>();
  const end = (block + 1) * blockSize;
  let first = block * blockSize;
  for (;;) {
    const some = await readListings(db, on, { first, end, rows: readAtOnce });
    for (const listed of some) {
      const { position } = positionOfId(listed.id);
      for (const term of termsOf(listed)) {
        const known = positions.get(term);
        if (known) known.push(position);
        else positions.set(term, [position]);
      }
    }
    const last = some.at(-1);
    if (some.length < readAtOnce || !last) break;
    first = last.id + 1;
    await others();
  }
  const members = new Map([...positions].map(([term, some]) => [term, encodeMembers(some)]));
  await replaceBlock(db, on, block, members);
}

/** Indexes all blocks that are not ready, in the transaction that created their listings. */
export async function indexAll(db: Database, on: MysqlConnection): Promise<void> {
  for (const block of await findUnreadyBlocks(db, on, Number.MAX_SAFE_INTEGER)) await indexBlock(db, on, block);
}

/** Indexes one block that is not ready; false when there is none, or when another process is indexing. */
async function indexNextBlock(db: Database): Promise<boolean> {
  return inMysqlTransaction(
    db.pool,
    (on) =>
      withIndexLock(db, on, async () => {
        const block = await lockUnreadyBlock(db, on);
        if (block !== undefined) await indexBlock(db, on, block);
        return block !== undefined;
      }),
    "READ COMMITTED",
  );
}

/** Indexes blocks in the background. */
export interface BackgroundIndexing extends AsyncDisposable {
  start(): void;
}

const pollMs = 5000;

/**
 * Indexes the blocks that a migration or a rebuild left, one after the other, in one process at a time, and polls for more. An interrupted
 * block starts over. `before` is what goes first, and is false when it has nothing to do. Does nothing before `start`.
 */
export function backgroundIndexing(
  db: Database,
  onError: (error: unknown) => void,
  before: (db: Database, signal: AbortSignal) => Promise<boolean> = async () => false,
): BackgroundIndexing {
  const stopping = new AbortController();
  const next = async () => (await before(db, stopping.signal)) || (await indexNextBlock(db));
  let running: Promise<void> | undefined;
  const run = async () => {
    while (!stopping.signal.aborted) {
      const more = await next().catch((error: unknown) => {
        if (!stopping.signal.aborted) onError(error);
        return false;
      });
      if (!more) await pause(pollMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };
  return {
    start() {
      running ??= run();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
