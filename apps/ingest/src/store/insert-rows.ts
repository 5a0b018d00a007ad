import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import { rowFaults } from "../csv/row-faults.ts";
import type { KeyValue, RowKeys } from "../csv/row-keys.ts";
import type { BulkStore } from "./bulk-store.ts";
import { type Holders, heldValues } from "./held-values.ts";
import { deleteKeys, existingKeys, hasUnreplaced, keyColumns } from "./key-lookup.ts";
import type { SkippedRows } from "./references.ts";
import type { RowTarget } from "./row-target.ts";
import { type Refusal, sendReplacing, sendRows } from "./send-rows.ts";

/**
 * Stores the rows of a batch whose keys are new and adds the others to `skipped`: of several rows with the same key the first is stored.
 *
 * A table with one integer as its only key gets all rows at once, and says which it refused. For other keys the rows are stored at
 * once if no key repeats; otherwise the existing keys are read first. What is refused even then, by a concurrent writer or because the
 * server takes two keys as equal that differ here, is narrowed down to its row.
 */
export async function insertRows(
  store: BulkStore,
  connection: MysqlConnection,
  target: RowTarget,
  batch: RowBatch,
  skipped: SkippedRows,
): Promise<void> {
  const send = (except: Rows, from = 0, to = batch.rows) =>
    sendRows(store, connection, target, batch.text(except, from, to), countRows(except, from, to));
  if (hasIntegerKey(batch)) return skipRefused(batch, skipped, await send(skipped));
  const withoutRepeated: SkippedRows = new Map(skipped);
  skipTaken(
    batch,
    withoutRepeated,
    batch.keys.map(() => new Set()),
  );
  if (!(await storeUnlessRefused(connection, () => send(withoutRepeated)))) {
    for (const [row, reason] of withoutRepeated) skipped.set(row, reason);
    return;
  }
  const taken: Set<KeyValue>[] = [];
  for (const keys of batch.keys) {
    taken.push(await existingKeys(connection, keyColumns(target, keys), keys.values, "none"));
  }
  skipTaken(batch, skipped, taken);
  await storeNarrowing(connection, batch, skipped, (from, to) => send(skipped, from, to));
}

/**
 * Stores the rows of a batch, except those in `skipped`, in their order; each replaces the row with the same primary key. Rows whose
 * unique value another row has are added to `skipped`. Returns how many replaced a row in `taken`, the primary keys that exist, or an
 * earlier row of the batch. `into`: for staged rows, the table that they will be stored in; its rows that no staged row replaces keep
 * their unique values.
 */
export async function upsertRows(
  bulk: BulkStore,
  connection: MysqlConnection,
  target: RowTarget,
  batch: RowBatch,
  { skipped, taken, into }: { skipped: SkippedRows; taken: ReadonlySet<KeyValue>; into?: RowTarget | undefined },
): Promise<number> {
  if (batch.keys.length === 1) {
    await sendReplacing(bulk, connection, target, batch.text(skipped), batch.rows - skipped.size);
    return countReplaced(batch, skipped, taken);
  }
  const primary = batch.keys[0]!;
  // REPLACE would also delete another row with the same unique value.
  const store = async (from: number, to: number) => {
    const rows = [...rowsExcept(skipped, from, to)];
    await deleteKeys(
      connection,
      keyColumns(target, primary),
      rows.map((row) => primary.values[row]!),
    );
    const superseded = withoutSuperseded(primary.values, skipped, from, to);
    const text = batch.text(superseded, from, to);
    const refused = await sendRows(bulk, connection, target, text, countRows(superseded, from, to));
    if (refused.length > 0 || into === undefined) return refused;
    return heldByOthers(connection, batch, { staged: target, into }, rowsExcept(superseded, from, to));
  };
  if (await storeUnlessRefused(connection, () => store(0, batch.rows))) {
    skipHeld(batch, skipped, await heldValues(connection, batch, { target, into }));
    await storeNarrowing(connection, batch, skipped, store);
  }
  return countReplaced(batch, skipped, taken);
}

/**
 * Skips rows whose unique value another row has: one of the table that no row of the batch replaces, or an earlier row of the batch. A
 * skipped row replaces nothing, so that the row with its key keeps its values, which are looked at again.
 */
function skipHeld(batch: RowBatch, skipped: SkippedRows, held: readonly Holders[]): void {
  const [primary, ...unique] = batch.keys;
  for (let before = -1; before !== skipped.size; ) {
    before = skipped.size;
    const superseded = withoutSuperseded(primary!.values, skipped, 0, batch.rows);
    const replaced = new Set(primary!.values.filter((_, row) => !skipped.has(row)));
    const taken = unique.map(() => new Set<KeyValue>());
    for (const row of rowsExcept(superseded, 0, batch.rows)) {
      const isTaken = ({ values }: RowKeys, at: number) => {
        const holder = held[at]!.get(values[row]!);
        return taken[at]!.has(values[row]!) || (holder !== undefined && !replaced.has(holder));
      };
      const refusing = unique.find(isTaken);
      if (refusing) skipped.set(row, duplicate(batch, refusing));
      else for (const [at, { values }] of unique.entries()) if (values[row] !== null) taken[at]!.add(values[row]!);
    }
  }
}

/** The first unique key of which a row has a value that a row of the table `into` holds and keeps, as a refusal; none otherwise. */
async function heldByOthers(
  connection: MysqlConnection,
  batch: RowBatch,
  { staged, into }: { staged: RowTarget; into: RowTarget },
  rows: Iterable<number>,
): Promise<Refusal[]> {
  const indexes = [...rows];
  for (const keys of batch.keys.slice(1)) {
    const values = indexes.map((row) => keys.values[row]!);
    const key = keys.columns[0]!.name;
    if (await hasUnreplaced(connection, keyColumns(into, keys), values, { table: batch.table, staged })) {
      return [{ value: "", key }];
    }
  }
  return [];
}

/** Whether the only key is one integer. */
function hasIntegerKey({ keys }: RowBatch): boolean {
  return keys.length === 1 && keys[0]!.columns.length === 1 && keys[0]!.columns[0]!.type === "integer";
}

/** Indexes of rows in a batch. */
type Rows = { size: number; keys(): Iterable<number> };

/** The rows `from` to `to` that are not skipped. */
export function* rowsExcept(skipped: Rows, from: number, to: number): Generator<number> {
  const without = new Set(skipped.keys());
  for (let row = from; row < to; row++) if (!without.has(row)) yield row;
}

/** How many of the rows `from` to `to` are not skipped. */
function countRows(skipped: Rows, from: number, to: number): number {
  let count = to - from;
  for (const row of skipped.keys()) if (row >= from && row < to) count--;
  return count;
}

/** Runs `store`; undoes what it did and returns the refused rows if there are any. */
async function storeUnlessRefused(
  connection: MysqlConnection,
  store: () => Promise<Refusal[]>,
): Promise<Refusal[] | undefined> {
  await connection.query("SAVEPOINT before_rows");
  const refused = await store();
  if (refused.length === 0) return undefined;
  await connection.query("ROLLBACK TO SAVEPOINT before_rows");
  return refused;
}

/** Stores rows at once or, if some are refused, half by half; a single row that is refused is skipped. */
async function storeNarrowing(
  connection: MysqlConnection,
  batch: RowBatch,
  skipped: SkippedRows,
  store: (from: number, to: number) => Promise<Refusal[]>,
  from = 0,
  to = batch.rows,
): Promise<void> {
  const rows = countRows(skipped, from, to);
  if (rows === 0) return;
  const refused = await storeUnlessRefused(connection, () => store(from, to));
  if (!refused) return;
  if (rows === 1) {
    let row = from;
    while (skipped.has(row)) row++;
    skipped.set(row, refusedBy(batch, refused[0]!));
    return;
  }
  const middle = (from + to) >>> 1;
  await storeNarrowing(connection, batch, skipped, store, from, middle);
  await storeNarrowing(connection, batch, skipped, store, middle, to);
}

/** The column and the fault of a row with a key that exists. */
function duplicate(
  batch: RowBatch,
  keys: RowKeys,
): { column: string; fault: ReturnType<typeof rowFaults.duplicateKey> } {
  const names = keys.columns.map(({ name }) => name);
  const isPrimary = keys === batch.keys[0];
  return { column: names[0]!, fault: isPrimary ? rowFaults.duplicateKey(names) : rowFaults.notUnique };
}

/** The key that refused a row by its name: unique keys are named after their column's position or name by the DDL. */
function refusedBy(batch: RowBatch, { key }: Refusal): ReturnType<typeof duplicate> {
  const [primary, ...unique] = batch.keys;
  const found =
    key === "PRIMARY" ? primary : (unique.find(({ columns }) => columns[0]!.name === key) ?? unique[0] ?? primary);
  return duplicate(batch, found!);
}

/** Skips rows whose value of `keys` is in `taken`. */
export function skipExisting(batch: RowBatch, skipped: SkippedRows, keys: RowKeys, taken: ReadonlySet<KeyValue>): void {
  for (let row = 0; row < batch.rows; row++) {
    const value = keys.values[row]!;
    if (value !== null && taken.has(value) && !skipped.has(row)) skipped.set(row, duplicate(batch, keys));
  }
}

/** Skips rows with a key in `taken`, and adds the keys of the others to it. */
function skipTaken(batch: RowBatch, skipped: SkippedRows, taken: readonly Set<KeyValue>[]): void {
  for (let row = 0; row < batch.rows; row++) {
    if (skipped.has(row)) continue;
    const repeated = batch.keys.find(({ values }, at) => values[row] !== null && taken[at]!.has(values[row]!));
    if (repeated) skipped.set(row, duplicate(batch, repeated));
    else for (const [at, { values }] of batch.keys.entries()) taken[at]!.add(values[row]!);
  }
}

/** Of several rows with the same key the first was stored, so the refused ones are the last. */
function skipRefused(batch: RowBatch, skipped: SkippedRows, refused: readonly Refusal[]): void {
  if (refused.length === 0) return;
  const times = new Map<string, number>();
  for (const { value } of refused) {
    // A staged row has its load before the key: "3-17".
    const key = /(?<=^|\d-)-?\d+$/.exec(value)?.[0] ?? value;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const keys = batch.keys[0]!;
  for (let row = batch.rows - 1; row >= 0; row--) {
    const key = String(keys.values[row]);
    const more = times.get(key) ?? 0;
    if (more === 0 || skipped.has(row)) continue;
    skipped.set(row, duplicate(batch, keys));
    times.set(key, more - 1);
  }
  const left = [...times.values()].reduce((sum, more) => sum + more, 0);
  if (left > 0) throw new Error(`MySQL refused ${left} rows of ${batch.table.name} that were not sent.`);
}

/** `skipped` and the rows whose key a later row has. */
function withoutSuperseded(keys: readonly KeyValue[], skipped: SkippedRows, from: number, to: number): Rows {
  const superseded = new Set(skipped.keys());
  const seen = new Set<KeyValue>();
  for (let row = to - 1; row >= from; row--) {
    if (skipped.has(row)) continue;
    const key = keys[row]!;
    if (seen.has(key)) superseded.add(row);
    seen.add(key);
  }
  return superseded;
}

/** How many rows, except those in `skipped`, replace a key in `taken` or an earlier row. */
function countReplaced(batch: RowBatch, skipped: SkippedRows, taken: ReadonlySet<KeyValue>): number {
  const seen = new Set(taken);
  let updated = 0;
  for (let row = 0; row < batch.rows; row++) {
    if (skipped.has(row)) continue;
    const key = batch.primaryKeys[row]!;
    if (seen.has(key)) updated++;
    seen.add(key);
  }
  return updated;
}
