import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { KeyValue } from "../csv/row-keys.ts";
import type { BulkStore } from "../store/bulk-store.ts";
import { deleteKeys, existingKeys } from "../store/key-lookup.ts";
import { type PlainRow, plainKeyReader } from "../store/plain-row.ts";
import type { BrokenReference } from "../store/references.ts";
import { deleteRange, type KeyRange, readRange } from "../store/row-range.ts";
import { tableTarget } from "../store/row-target.ts";
import { sendReplacing } from "../store/send-rows.ts";
import { lockDefinition } from "../tables/definitions.ts";
import { identifier } from "../tables/quote.ts";
import { columnNamed, type ForeignKey, type Table } from "../tables/table.ts";
import type { BlockRows } from "./avro/block-rows.ts";
import { IncompatibleFile } from "./avro/byte-source.ts";
import type { BackupName } from "./backup-name.ts";
import { backupBlocks } from "./read-backup.ts";
import { rowDifference } from "./row-difference.ts";
import type { BackupStorage } from "./storage.ts";

/** How a restored table differs from what it was. */
export interface Merged {
  /** Number of rows that it has now. */
  rows: number;
  added: number;
  removed: number;
  changed: number;
}

/**
 * Applies a file to the table block by block: the rows in the block's range of keys are locked and compared, and only rows that differ
 * are changed. One block is decoded while the one before it is stored. `broken`: the references of its rows to other tables that lead
 * nowhere; those to the tables in `restored` are left out, which the caller checks by `brokenIncoming` when all of them have their rows.
 */
export async function mergeBackup(
  store: BulkStore,
  connection: MysqlConnection,
  table: Table,
  { storage, backup, restored }: { storage: BackupStorage; backup: BackupName; restored: readonly string[] },
): Promise<{ counts: Merged; broken: BrokenReference[] }> {
  await lockDefinition(connection, table);
  const target = tableTarget(table);
  const primary = { name: table.name, names: table.primaryKey, columns: keyColumnsOf(table, table.primaryKey) };
  const keyOf = plainKeyReader(table, table.primaryKey);
  const references = table.foreignKeys.flatMap((key, at) =>
    restored.includes(key.table) ? [] : [{ at, ...referenceCheck(table, key) }],
  );
  const counts = { rows: 0, added: 0, removed: 0, changed: 0 };
  let after: PlainRow | undefined;
  let storing = Promise.resolve();
  const merge = async (block: BlockRows, range: KeyRange) => {
    for (const { at, check } of references) await check(connection, block.references[at]!);
    const found = await readRange(connection, table, range);
    if (found.length === 0) {
      counts.added += block.count;
      return sendReplacing(store, connection, target, block.text(), block.count);
    }
    const { write, added, remove } = rowDifference(table, block.rows(), found);
    counts.added += added;
    counts.changed += write.length - added;
    counts.removed += remove.length;
    await deleteKeys(connection, primary, remove.map(keyOf));
    await sendReplacing(store, connection, target, block.text(write), write.length);
  };
  try {
    for await (const block of backupBlocks(storage, table, backup)) {
      await storing;
      storing = merge(block, { after, last: block.last });
      storing.catch(() => {});
      after = block.last;
      counts.rows += block.count;
    }
    await storing;
    counts.removed += await deleteRange(connection, table, { after });
  } finally {
    // The connection must be free before the transaction is rolled back.
    await storing.catch(() => {});
  }
  if (table.columns.some(({ unique }) => unique)) await checkUnique(connection, table, counts.rows);
  return { counts, broken: references.map(({ broken }) => broken).filter(({ count }) => count > 0) };
}

/** A row replaces another one with the same unique value, so the table has fewer rows than the file if two have it. */
async function checkUnique(connection: MysqlConnection, table: Table, rows: number): Promise<void> {
  const [found] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${identifier(table.name)}`);
  if (Number(found[0]?.count) === rows) return;
  const names = table.columns.filter(({ unique }) => unique).map(({ name }) => name);
  throw new IncompatibleFile(`several rows have the same ${names.join(" or ")}, which must be unique`);
}

const keyColumnsOf = (table: Table, names: readonly string[]) => names.map((name) => columnNamed(table, name));

/** How many keys are remembered to exist. */
const maxKnownKeys = 100_000;

/** Counts the rows that refer to no row of another table, and locks the rows that they refer to. */
function referenceCheck(table: Table, key: ForeignKey) {
  const of = { name: key.table, names: key.references, columns: keyColumnsOf(table, key.columns) };
  const broken: BrokenReference = { from: table.name, key, count: 0 };
  let known = new Set<KeyValue>();
  return {
    broken,
    async check(connection: MysqlConnection, values: readonly KeyValue[]): Promise<void> {
      const keys = values.filter((value) => value !== null && !known.has(value));
      if (keys.length === 0) return;
      const existing = await existingKeys(connection, of, keys, "shared");
      for (const value of keys) if (!existing.has(value)) broken.count++;
      known = known.size > maxKnownKeys ? existing : known.union(existing);
    },
  };
}
