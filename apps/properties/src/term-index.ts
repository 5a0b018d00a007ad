import { setImmediate as others, setTimeout as pause } from "node:timers/promises";
import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import type { Database } from "./database.ts";
import { blockSize, encodeMembers, placeOfId } from "./id-sets.ts";
import { lockProperty } from "./property-queries.ts";
import {
  addTerms,
  findUnreadyBlocks,
  ifAlone,
  lockBlock,
  readListed,
  removeTerms,
  storeBlock,
  takeUnreadyBlock,
} from "./term-queries.ts";
import { type Listed, termsOf } from "./terms.ts";

/** Brings the index from what a listing was, if it was there, to what it is, in the transaction that changes it, as its last step. */
export async function reindex(db: Database, on: MysqlConnection, id: number, before?: Listed): Promise<void> {
  const after = await lockProperty(db, on, id);
  if (!after) throw new Error(`The property ${id} has no listing.`);
  const old = before ? termsOf(before) : new Set<string>();
  const now = termsOf(after);
  const [gone, come] = [[...old.difference(now)], [...now.difference(old)]];
  if (gone.length === 0 && come.length === 0) return;
  // A block that is not ready is indexed later, from what will be stored then.
  if (!(await lockBlock(db, on, placeOfId(id).block))) return;
  await removeTerms(db, on, id, gone);
  await addTerms(db, on, id, come);
}

/** How many listings are read, and made terms of, before other work has its turn. */
const readAtOnce = 64;

/** Indexes a block anew. It is held by the transaction. */
async function indexBlock(db: Database, on: MysqlConnection, block: number): Promise<void> {
  const places = new Map<string, number[]>();
  const end = (block + 1) * blockSize;
  let first = block * blockSize;
  for (;;) {
    const some = await readListed(db, on, { first, end, rows: readAtOnce });
    for (const listed of some) {
      const { place } = placeOfId(listed.id);
      for (const term of termsOf(listed)) {
        const known = places.get(term);
        if (known) known.push(place);
        else places.set(term, [place]);
      }
    }
    const last = some.at(-1);
    if (some.length < readAtOnce || !last) break;
    first = last.id + 1;
    await others();
  }
  const members = new Map([...places].map(([term, some]) => [term, encodeMembers(some)]));
  await storeBlock(db, on, block, members);
}

/** Indexes all blocks that are not ready, in the transaction that made their listings. */
export async function indexAll(db: Database, on: MysqlConnection): Promise<void> {
  for (const block of await findUnreadyBlocks(db, on, Number.MAX_SAFE_INTEGER)) await indexBlock(db, on, block);
}

/** Indexes one of the blocks that are not ready; false when there is none, or when another process is at it. */
async function indexNextBlock(db: Database): Promise<boolean> {
  return inMysqlTransaction(db.pool, (on) =>
    ifAlone(db, on, async () => {
      const block = await takeUnreadyBlock(db, on);
      if (block !== undefined) await indexBlock(db, on, block);
      return block !== undefined;
    }),
  );
}

/** What indexes blocks in the background. */
export interface Indexing extends AsyncDisposable {
  start(): void;
}

const lookEachMs = 5000;

/**
 * Indexes the blocks that a migration or a rebuild left, one after the other, in one process at a time, and looks for more now and then.
 * A block that was broken off is begun again. Does nothing before `start`.
 */
export function indexing(db: Database, onError: (error: unknown) => void): Indexing {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const run = async () => {
    while (!stopping.signal.aborted) {
      const more = await indexNextBlock(db).catch((error: unknown) => {
        if (!stopping.signal.aborted) onError(error);
        return false;
      });
      if (!more) await pause(lookEachMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
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
