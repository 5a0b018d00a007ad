import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { addEvent, type ReadEvent } from "../audit/audit-queries.ts";
import type { SweptTable } from "./sweeper.ts";

const sliceSize = 2000;

/** How long the audit log is kept, and the folder that older events are written to, if any. */
export interface AuditRetention {
  /** Days; 0: without limit. */
  days: number;
  folder?: string | undefined;
}

type Line = ReadEvent & { eventId: string | null };

/**
 * Deletes events of the audit log that have expired by the clock of the database, whose triggers protect younger ones
 * (`protect-audit.ts`). Each slice is first written to the folder and synced, as one file of NDJSON; after a crash in between it is
 * written once more. The deletion is itself an event of the log.
 */
export function expiredAudit({ days, folder }: AuditRetention): SweptTable {
  return {
    table: "auth_audit",
    async removeSlice(connection) {
      const lines = await expiredLines(connection, days);
      const [first, last] = [lines[0], lines.at(-1)];
      if (!first || !last) return 0;
      if (folder !== undefined) await writeLines(folder, lines);
      await connection.beginTransaction();
      try {
        const outcomes = lines.flatMap(({ eventId }) => eventId ?? []);
        if (outcomes.length > 0) {
          // A younger outcome stays, rather than block all others.
          const old = `at < UTC_TIMESTAMP(3) - INTERVAL ${Math.trunc(days)} DAY`;
          await connection.query(`DELETE FROM auth_audit_outcome WHERE event_id IN (?) AND ${old}`, [outcomes]);
        }
        await connection.query("DELETE FROM auth_audit WHERE id IN (?)", [lines.map(({ id }) => id)]);
        const subject = `${lines.length} lines, ${first.at.toISOString()} to ${last.at.toISOString()}`;
        const nobody = { actorId: null, accountId: null, address: null, requestId: null };
        await addEvent(connection, { ...nobody, at: new Date(), action: "audit-lines-expired", subject });
        await connection.commit();
      } catch (error) {
        await connection.rollback();
        throw error;
      }
      return lines.length;
    },
  };
}

/** One day more than the limit: an outcome is slightly younger than its action and is deleted with it. */
async function expiredLines(connection: MysqlConnection, days: number): Promise<Line[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT a.id, a.at, a.actor_id AS actorId, a.account_id AS accountId, a.action, a.subject, a.address,
            a.request_id AS requestId, a.method, a.route, a.path, o.status, a.event_id AS eventId
       FROM auth_audit a LEFT JOIN auth_audit_outcome o ON o.event_id = a.event_id
      WHERE a.at < UTC_TIMESTAMP(3) - INTERVAL ${Math.trunc(days) + 1} DAY ORDER BY a.at, a.id LIMIT ${sliceSize}`,
  );
  return rows as Line[];
}

/** Writes events to a file that exists either completely or not at all. */
async function writeLines(folder: string, lines: Line[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const from = lines[0]?.at.toISOString().replaceAll(":", "-");
  const path = join(folder, `audit-${from}-${lines[0]?.id}.ndjson`);
  const file = await open(`${path}.part`, "w", 0o600);
  try {
    await file.writeFile(lines.map(({ eventId: _, ...line }) => `${JSON.stringify(line)}\n`).join(""));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  const listed = await open(folder);
  try {
    await listed.sync();
  } finally {
    await listed.close();
  }
}
