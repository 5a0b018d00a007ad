import type { AuditEntry } from "@quintet/auth/issuer";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** What can happen to an account, and what staff can do. */
export const auditActions = [
  "registered",
  "first-staff-made",
  "invitation-made",
  "invitation-revoked",
  "signed-in",
  "sign-in-refused",
  "password-changed",
  "reset-asked",
  "reset-link-made",
  "password-reset",
  "deactivated",
  "activated",
  "session-ended",
  "sessions-ended",
  "client-added",
  "client-removed",
  "consented",
  "outside-account-made",
  "staff-action",
  "audit-lines-expired",
] as const;

export type AuditAction = (typeof auditActions)[number];

/** One line of the audit log about an account. */
export interface AuditEvent {
  at: Date;
  /** Whose credentials were used; null when there were none. */
  actorId: number | null;
  /** The account that it is about; null when there is none. */
  accountId: number | null;
  action: AuditAction;
  /** The sign-in or API client that it is about. */
  subject: string | null;
  address: string | null;
  requestId: string | null;
}

/** A line as it is read; the last four are null unless it tells of an action of staff. */
export interface ReadEvent extends AuditEvent {
  id: number;
  method: string | null;
  /** The pattern that the path matches. */
  route: string | null;
  path: string | null;
  /** The HTTP status; null also where the action was cut off. */
  status: number | null;
}

/** What lines are wanted; those that match all that is told. */
export interface AuditFilter {
  accountId?: number | undefined;
  actorId?: number | undefined;
  action?: AuditAction | undefined;
  requestId?: string | undefined;
  /** From this time on, and before that. */
  from?: Date | undefined;
  to?: Date | undefined;
}

const conditions: Record<keyof AuditFilter, string> = {
  accountId: "a.account_id = :accountId",
  actorId: "a.actor_id = :actorId",
  action: "a.action = :action",
  requestId: "a.request_id = :requestId",
  from: "a.at >= :from",
  to: "a.at < :to",
};

/** Adds a line, in the transaction of the change that it tells of. */
export async function addEvent(db: MysqlPool | MysqlConnection, event: AuditEvent): Promise<void> {
  await db.execute(
    `INSERT INTO auth_audit (at, actor_id, account_id, action, subject, address, request_id)
     VALUES (:at, :actorId, :accountId, :action, :subject, :address, :requestId)`,
    { ...event },
  );
}

/** Adds what is told of an action of staff; one that is there already is left as it is. */
export async function addEntry(pool: MysqlPool, entry: AuditEntry): Promise<void> {
  const sql =
    entry.kind === "begun"
      ? `INSERT INTO auth_audit (event_id, at, actor_id, action, address, request_id, method, route, path)
         VALUES (:eventId, :at, :actorId, 'staff-action', :address, :requestId, :method, :route, :path)`
      : "INSERT INTO auth_audit_outcome (event_id, at, status) VALUES (:eventId, :at, :status)";
  await pool.execute(sql, { ...entry, at: new Date(entry.at) }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "ER_DUP_ENTRY")) throw error;
  });
}

/** Lines before `beforeId`, the last stored first. */
export async function readEvents(
  pool: MysqlPool,
  { filter, beforeId, limit }: { filter: AuditFilter; beforeId: number; limit: number },
): Promise<ReadEvent[]> {
  const told = Object.entries(filter).filter(([, value]) => value !== undefined);
  const wanted = ["a.id < :beforeId", ...told.map(([name]) => conditions[name as keyof AuditFilter])];
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT a.id, a.at, a.actor_id AS actorId, a.account_id AS accountId, a.action, a.subject, a.address,
            a.request_id AS requestId, a.method, a.route, a.path, o.status
       FROM auth_audit a LEFT JOIN auth_audit_outcome o ON o.event_id = a.event_id
      WHERE ${wanted.join(" AND ")} ORDER BY a.id DESC LIMIT ${Math.trunc(limit)}`,
    { beforeId, ...Object.fromEntries(told) },
  );
  return rows as ReadEvent[];
}
