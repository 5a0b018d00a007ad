import { randomBytes } from "node:crypto";
import { type MysqlPool, tryWithLock } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { type BulkStore, inBulkTransaction } from "../store/bulk-store.ts";
import { tableTarget } from "../store/row-target.ts";
import { sendRows } from "../store/send-rows.ts";
import { identifier } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";
import type { BlockRows } from "./avro/block-rows.ts";
import { IncompatibleFile } from "./avro/byte-source.ts";

const prefix = "ingest_scratch_";
const maxScratches = 2;

/** How many scratch tables this process uses, each with a connection of the pool for its lock. */
const inUse = new WeakMap<MysqlPool, number>();

/**
 * Runs `work` with an empty table of the same columns and keys, without foreign keys, that nobody else uses; it is dropped afterwards.
 * A named lock is held meanwhile, so that a table whose process was killed is known by its free lock. Throws a 503 when others are in use.
 */
export async function withScratch<T>(db: MysqlPool, table: Table, work: (scratch: Table) => Promise<T>): Promise<T> {
  const others = inUse.get(db) ?? 0;
  if (others === maxScratches) {
    throw new Problem("unavailable", "Other backups are being uploaded or verified. Retry later.", {
      headers: { "Retry-After": "5" },
    });
  }
  inUse.set(db, others + 1);
  try {
    return await withLockedScratch(db, table, work);
  } finally {
    inUse.set(db, (inUse.get(db) ?? 1) - 1);
  }
}

async function withLockedScratch<T>(db: MysqlPool, table: Table, work: (scratch: Table) => Promise<T>): Promise<T> {
  const name = prefix + randomBytes(8).toString("hex");
  let result: { value: T } | undefined;
  await tryWithLock(db, name, async () => {
    await db.query(`CREATE TABLE ${identifier(name)} LIKE ${identifier(table.name)}`);
    try {
      result = { value: await work({ ...table, name, foreignKeys: [] }) };
    } finally {
      await db.query(`DROP TABLE IF EXISTS ${identifier(name)}`);
    }
  });
  if (!result) throw new Error(`The lock of ${name} is taken.`);
  return result.value;
}

/** Drops the scratch tables of killed processes. */
export async function removeStaleScratch(db: MysqlPool): Promise<void> {
  const [tables] = await db.query<RowDataPacket[]>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND LEFT(table_name, ?) = ?",
    [prefix.length, prefix],
  );
  for (const { name } of tables) {
    await tryWithLock(db, name, async () => void (await db.query(`DROP TABLE IF EXISTS ${identifier(name)}`)));
  }
}

/** Stores blocks of rows in a scratch table; returns their number. Throws `IncompatibleFile` when two rows have the same key. */
export async function fillScratch(store: BulkStore, scratch: Table, blocks: AsyncIterable<BlockRows>): Promise<number> {
  let total = 0;
  let storing = Promise.resolve();
  const send = async (block: BlockRows) => {
    const refused = await inBulkTransaction(store, (connection) =>
      sendRows(store, connection, tableTarget(scratch), block.text(), block.count),
    );
    if (refused.length > 0) throw new IncompatibleFile(`several rows have the key ${refused[0]!.value}`);
  };
  try {
    for await (const block of blocks) {
      await storing;
      storing = send(block);
      storing.catch(() => {});
      total += block.count;
    }
    await storing;
    return total;
  } finally {
    await storing.catch(() => {});
  }
}
