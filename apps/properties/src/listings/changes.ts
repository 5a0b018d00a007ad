import { setImmediate as others } from "node:timers/promises";
import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { fill, numbered, parameters } from "../sql/statements.ts";
import { maxId } from "../term-index/id-sets.ts";
import { idsAtOnce, refreshListings } from "./refresh.ts";

/** A property whose listing has to be made again. */
interface Change {
  seq: number;
  id: number | null;
}

/** Changes that are read at once. */
const changesAtOnce = 2000;

/** Notes that a property was written, in the transaction that wrote it. Its listing follows at the latest before the next read of it. */
export async function addChange(db: Database, on: MysqlConnection, id: number): Promise<void> {
  await write(on, db.statements["add-change"], { id });
}

/** Makes the listing of a property that was written here, at once: other programs may have written many rows before, which wait. */
export function followWrite(db: Database, id: number): Promise<void> {
  return inMysqlTransaction(db.pool, (on) => refreshListings(db, on, [id]), "READ COMMITTED");
}

/**
 * Makes the listings of all properties that were written before the call. Several processes may do so at once: they wait for
 * each other block by block, and one does not repeat what another has done. Stops early when `signal` aborts.
 */
export async function applyChanges(db: Database, signal?: AbortSignal): Promise<void> {
  let after = 0;
  for (;;) {
    const changes = await select(db.pool, db.statements.changes, { after, rows: changesAtOnce });
    for (const some of parts(changes)) {
      if (signal?.aborted) return;
      await applySome(db, some);
      await others();
    }
    const last = changes.at(-1);
    if (changes.length < changesAtOnce || !last) return;
    after = last.seq;
  }
}

/** Changes in groups of as many as are applied in one transaction, those of neighbours together. */
function parts(changes: Change[]): Change[][] {
  const sorted = changes.toSorted((a, b) => (a.id ?? -1) - (b.id ?? -1));
  return Array.from({ length: Math.ceil(sorted.length / idsAtOnce) }, (_, i) =>
    sorted.slice(i * idsAtOnce, (i + 1) * idsAtOnce),
  );
}

/** Applies some changes in one transaction, which sees with each statement what is committed by then. */
async function applySome(db: Database, changes: Change[]): Promise<void> {
  const seqs = (some: Change[]) =>
    numbered(
      "seq",
      some.map(({ seq }) => seq),
      idsAtOnce,
    );
  const withSeqs = <Text extends string>(text: Text) => fill(text, { seqs: parameters("seq", idsAtOnce) });
  const idsOf = (some: Change[]) => [
    ...new Set(some.flatMap(({ id }) => (id !== null && id >= 0 && id <= maxId ? [id] : []))),
  ];
  await inMysqlTransaction(
    db.pool,
    async (on) => {
      await refreshListings(db, on, idsOf(changes), async () => {
        // While this transaction waited for its locks, another process may have applied some.
        const left = await select(on, withSeqs(db.statements["changes-left"]), seqs(changes));
        return idsOf(left);
      });
      await write(on, withSeqs(db.statements["remove-changes"]), seqs(changes));
    },
    "READ COMMITTED",
  );
}
