import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import { type Reject, rowFaults } from "../csv/row-faults.ts";
import type { KeyValue } from "../csv/row-keys.ts";
import { forgetUnchanged, keepByKeys } from "./before-rows.ts";
import type { BulkStore } from "./bulk-store.ts";
import { insertRows, rowsExcept, skipExisting, upsertRows } from "./insert-rows.ts";
import { existingKeys, keyColumns } from "./key-lookup.ts";
import { lockReferences, type SkippedRows } from "./references.ts";
import { stagedTarget, tableTarget } from "./row-target.ts";

/** The outcome of storing a batch: each row is counted once. */
export interface StoredBatch {
  inserted: number;
  updated: number;
  /** How many of them are new staged rows. */
  staged: number;
  /** How many rows of the table have this load as their writer now and had another one before. */
  written: number;
  /** The rows that were rejected while storing, without the batch's own rejects. */
  rejects: Reject[];
}

/**
 * `insert`: rows with new keys; `upsert`: a row replaces the one with its key; `replace`: the table becomes the rows of the file, each key
 * once; `merge`: an upsert that also deletes what the file lacks.
 */
export const loadModes = ["insert", "upsert", "replace", "merge"] as const;
export type LoadMode = (typeof loadModes)[number];

/** Whether a file of this mode is the whole content of the table. */
export function isWhole(mode: LoadMode): boolean {
  return mode === "replace" || mode === "merge";
}

/** How the rows of a load are stored; `load` is the id of the load. */
export interface StoreOptions {
  mode: LoadMode;
  dryRun: boolean;
  load: number;
}

/** How a batch is stored. `load`: the load, or undefined for rows of a request. */
interface BatchOptions {
  mode: LoadMode;
  load: number | undefined;
  staged: boolean;
}

/**
 * Stores a batch in the transaction of `connection`: in the table or, if `staged`, among the staged rows of the load. Does not change
 * the batch, so that it can run again.
 */
export async function storeBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  options: BatchOptions,
): Promise<StoredBatch> {
  const whole = isWhole(options.mode);
  const refersToItself = !whole && batch.references.some(({ own }) => own !== undefined);
  const load = options.staged ? options.load : undefined;
  const refused: SkippedRows = new Map();
  if (refersToItself) await connection.query("SAVEPOINT before_batch");
  for (;;) {
    const skipped = await lockReferences(connection, batch, { whole, load, skipped: new Map(refused) });
    const counts = await storeRows(store, connection, batch, skipped, options);
    // Other rows of the batch may refer to a row that was refused for its unique value.
    const more = [...skipped].filter(([row, { fault }]) => fault === rowFaults.notUnique && !refused.has(row));
    if (!refersToItself || more.length === 0) {
      const rejects = [...skipped].map(([row, { column, fault }]) => batch.rejectOf(row, column, fault));
      const inserted = batch.rows - skipped.size - counts.updated;
      return { ...counts, inserted, written: options.staged ? 0 : inserted + counts.replaced, rejects };
    }
    for (const [row, why] of more) refused.set(row, why);
    await connection.query("ROLLBACK TO SAVEPOINT before_batch");
  }
}

interface Counts extends Pick<StoredBatch, "updated" | "staged"> {
  /** How many rows that the load had not written before were replaced. */
  replaced: number;
}

/** Stores the rows that are not in `skipped`, and adds those that are refused. */
async function storeRows(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  skipped: SkippedRows,
  { mode, load, staged }: BatchOptions,
): Promise<Counts> {
  if (staged && load !== undefined) return stageRows(store, connection, batch, skipped, { mode, load });
  const target = tableTarget(batch.table, load);
  if (mode !== "upsert") {
    await insertRows(store, connection, target, batch, skipped);
    return { updated: 0, staged: 0, replaced: 0 };
  }
  const primary = batch.keys[0]!;
  const taken = await existingKeys(connection, keyColumns(target, primary), primary.values, "exclusive");
  if (load === undefined || taken.size === 0) {
    return { updated: await upsertRows(store, connection, target, batch, { skipped, taken }), staged: 0, replaced: 0 };
  }
  const { table } = batch;
  const keysOf = (rows: Iterable<number>) => ({
    of: keyColumns(tableTarget(table), primary),
    keys: [...rows].map((row) => primary.values[row]!),
  });
  let replaced = await keepByKeys(connection, table, load, keysOf(rowsExcept(skipped, 0, batch.rows)));
  const before = new Set(skipped.keys());
  const updated = await upsertRows(store, connection, target, batch, { skipped, taken });
  const refused = [...skipped.keys()].filter((row) => !before.has(row));
  if (refused.length > 0) replaced -= await forgetUnchanged(connection, table, load, keysOf(refused));
  return { updated, staged: 0, replaced };
}

/** Stages rows; for later batches of the load, their keys exist. */
async function stageRows(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  skipped: SkippedRows,
  { mode, load }: { mode: LoadMode; load: number },
): Promise<Counts> {
  const target = stagedTarget(batch.table, load);
  const table = tableTarget(batch.table);
  const primary = batch.keys[0]!;
  if (mode === "upsert" || mode === "merge") {
    const inTable = await existingKeys(connection, keyColumns(table, primary), primary.values, "none");
    const before = await existingKeys(connection, keyColumns(target, primary), primary.values, "none");
    // What a merge lacks is deleted, and holds no value then.
    const into = mode === "upsert" ? table : undefined;
    const updated = await upsertRows(store, connection, target, batch, { skipped, taken: inTable.union(before), into });
    return { updated, staged: countNew(batch, skipped, before), replaced: 0 };
  }
  if (mode === "insert") {
    for (const keys of batch.keys) {
      const taken = await existingKeys(connection, keyColumns(table, keys), keys.values, "none");
      skipExisting(batch, skipped, keys, taken);
    }
  }
  await insertRows(store, connection, target, batch, skipped);
  return { updated: 0, staged: batch.rows - skipped.size, replaced: 0 };
}

/** How many primary keys of the rows, except those in `skipped`, are not in `before`. */
function countNew(batch: RowBatch, skipped: SkippedRows, before: ReadonlySet<KeyValue>): number {
  const keys = new Set(batch.primaryKeys.filter((_, row) => !skipped.has(row)));
  return keys.difference(before).size;
}
