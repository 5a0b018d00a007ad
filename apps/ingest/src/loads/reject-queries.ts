import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { escapeText } from "../csv/load-data-format.ts";
import type { Reject } from "../csv/row-faults.ts";
import type { BulkStore } from "../store/bulk-store.ts";
import { sendRows } from "../store/send-rows.ts";

const target = { name: "ingest_rejects", columns: ["load_id", "line", "column_name", "reason", "raw"] };
const rejectsPerStatement = 5000;
const rowsAtOnce = 1000;

/** Stores the rejects of a batch, in the transaction of its rows. */
export async function insertRejects(
  store: BulkStore,
  connection: MysqlConnection,
  load: number,
  rejects: readonly Reject[],
): Promise<void> {
  for (let at = 0; at < rejects.length; at += rejectsPerStatement) {
    const some = rejects.slice(at, at + rejectsPerStatement);
    const lines = some.map(
      ({ line, column, reason, raw }) => `${load}\t${line}\t${column}\t${escapeText(reason)}\t${escapeText(raw)}\n`,
    );
    const refused = await sendRows(store, connection, target, Buffer.from(lines.join("")), some.length);
    if (refused.length > 0) throw new Error(`Load ${load} has more than one reject on one line.`);
  }
}

/** Whether the rejects of a load are stored. */
export async function hasRejects(db: MysqlPool, load: number): Promise<boolean> {
  const [rows] = await db.query<RowDataPacket[]>("SELECT 1 FROM ingest_rejects WHERE load_id = :load LIMIT 1", {
    load,
  });
  return rows.length > 0;
}

/** The rejects of a load in the order of the file, a thousand at a time. */
export async function* readRejects(db: MysqlPool, load: number): AsyncGenerator<Reject[]> {
  for (let after = 0; ; ) {
    const [rows] = await db.query<(Reject & RowDataPacket)[]>(
      `SELECT line, column_name AS \`column\`, reason, raw FROM ingest_rejects
        WHERE load_id = :load AND line > :after ORDER BY line LIMIT :limit`,
      { load, after, limit: rowsAtOnce },
    );
    if (rows.length > 0) yield rows;
    if (rows.length < rowsAtOnce) return;
    after = rows.at(-1)!.line;
  }
}
