import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** What can happen to an account. */
export const auditActions = [
  "registered",
  "password-changed",
  "deactivated",
  "activated",
  "session-ended",
  "sessions-ended",
  "client-added",
  "client-removed",
] as const;

export type AuditAction = (typeof auditActions)[number];

/** One line of the audit log. */
export interface AuditEvent {
  at: Date;
  /** Whose credentials were used; null when there were none. */
  actorId: number | null;
  accountId: number;
  action: AuditAction;
  /** The sign-in or API client that it is about. */
  subject: string | null;
  address: string | null;
  requestId: string | null;
}

/** Adds a line, in the transaction of the change that it tells of. */
export async function addEvent(db: MysqlPool | MysqlConnection, event: AuditEvent): Promise<void> {
  await db.execute(
    `INSERT INTO auth_audit (at, actor_id, account_id, action, subject, address, request_id)
     VALUES (:at, :actorId, :accountId, :action, :subject, :address, :requestId)`,
    { ...event },
  );
}

/** Lines before `beforeId`, the newest first; of one account when that is told. */
export async function readEvents(
  pool: MysqlPool,
  { accountId, beforeId, limit }: { accountId: number | undefined; beforeId: number; limit: number },
): Promise<(AuditEvent & { id: number })[]> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT id, at, actor_id AS actorId, account_id AS accountId, action, subject, address, request_id AS requestId
       FROM auth_audit WHERE id < :beforeId ${accountId === undefined ? "" : "AND account_id = :accountId"}
      ORDER BY id DESC LIMIT ${Math.trunc(limit)}`,
    accountId === undefined ? { beforeId } : { beforeId, accountId },
  );
  return rows as (AuditEvent & { id: number })[];
}
