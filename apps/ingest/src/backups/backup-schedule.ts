import { createHash } from "node:crypto";
import { type MysqlPool, tryWithLock } from "@quintet/db";
import { type Logger, Problem } from "@quintet/http";
import { Cron } from "croner";
import type { RowDataPacket } from "mysql2/promise";
import { createBackupSet } from "./create-set.ts";
import type { BackupStorage } from "./storage.ts";

const retryMinutes = 5;
const maxProblemLength = 500;

/** What is scheduled, and how the last set ended. Times are ISO 8601, UTC. */
export interface ScheduleState {
  cron: string;
  nextAt: string;
  lastAt: string | null;
  /** The set that was made last; null when it could not be made. */
  lastSet: string | null;
  lastProblem: string | null;
}

/** The state of the schedule `cron`; null before its first run, and without one. */
export async function scheduleState(db: MysqlPool, cron: string | undefined): Promise<ScheduleState | null> {
  if (cron === undefined) return null;
  const [[row]] = await db.query<RowDataPacket[]>(
    `SELECT GREATEST(due_at, COALESCE(retry_at, due_at)) AS next_at, last_at, last_set, last_problem
      FROM ingest_backup_schedule WHERE id = 1 AND cron = ?`,
    [cron],
  );
  if (!row) return null;
  return {
    cron,
    nextAt: (row.next_at as Date).toISOString(),
    lastAt: (row.last_at as Date | null)?.toISOString() ?? null,
    lastSet: row.last_set,
    lastProblem: row.last_problem,
  };
}

/** Whether a text is a cron expression of five fields, or a nickname such as `@daily`. */
export function isCron(text: string): boolean {
  try {
    return /^(?:@[a-z]{1,10}|\S+(?:\s+\S+){4})$/i.test(text) && nextTime(text, new Date()) !== undefined;
  } catch {
    return false;
  }
}

/** The first time after `after`, in UTC. */
function nextTime(cron: string, after: Date): Date | undefined {
  return new Cron(cron.replace(/\s+/g, " "), { timezone: "UTC", mode: "5-part" }).nextRun(after) ?? undefined;
}

/**
 * Makes a set of backups if one is due. One process does so, with a lock that ends with it. The due time is a row in MySQL: a process that was
 * killed is replaced by another one, and times that passed while none was running are one set. A set that cannot be made is tried again after
 * five minutes. A new schedule begins with its next time.
 */
export async function runSchedule(
  { db, bulk, storage, log }: { db: MysqlPool; bulk: MysqlPool; storage: BackupStorage; log: Logger },
  cron: string,
): Promise<void> {
  const [[quick]] = await db.query<RowDataPacket[]>(
    "SELECT 1 FROM ingest_backup_schedule WHERE id = 1 AND cron = ? AND GREATEST(due_at, COALESCE(retry_at, due_at)) > UTC_TIMESTAMP(3)",
    [cron],
  );
  if (quick) return;
  await tryWithLock(db, "ingest backup schedule", async (connection) => {
    const [[state]] = await connection.query<RowDataPacket[]>(
      `SELECT UTC_TIMESTAMP(3) AS now, s.cron, s.due_at AS due, s.due_at <= UTC_TIMESTAMP(3) AS is_due,
          s.retry_at > UTC_TIMESTAMP(3) AS waits
        FROM (SELECT 1) AS one LEFT JOIN ingest_backup_schedule AS s ON s.id = 1`,
    );
    const now = state?.now as Date;
    const settle = () =>
      connection.query(
        `INSERT INTO ingest_backup_schedule (id, cron, due_at) VALUES (1, :cron, :due)
          ON DUPLICATE KEY UPDATE cron = :cron, due_at = :due, retry_at = NULL`,
        { cron, due: nextTime(cron, now) ?? new Date("9999-01-01T00:00:00Z") },
      );
    const record = (set: string | null, problem: string | null) =>
      connection.query(
        "UPDATE ingest_backup_schedule SET last_at = UTC_TIMESTAMP(3), last_set = ?, last_problem = ? WHERE id = 1",
        [set, problem?.slice(0, maxProblemLength) ?? null],
      );
    if (state?.cron !== cron) return void (await settle());
    if (state.is_due !== 1 || state.waits === 1) return;
    const key = createHash("sha256")
      .update(`schedule\n${(state.due as Date).toISOString()}`)
      .digest("base64url");
    try {
      const { set, backups } = await createBackupSet(bulk, storage, { key, fingerprint: key });
      await record(set, null);
      log.info({ labels: { set, backups: backups.length } }, "Scheduled backups made");
    } catch (error) {
      const wait = "UPDATE ingest_backup_schedule SET retry_at = UTC_TIMESTAMP(3) + INTERVAL ? MINUTE WHERE id = 1";
      await connection.query(wait, [retryMinutes]);
      await record(null, error instanceof Problem ? error.message : "It failed; the log has the reason.");
      throw error;
    }
    await settle();
  });
}
