import type { AuditEntry } from "@quintet/auth/issuer";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** The kinds of events. */
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

/** An event about an account. */
export interface AuditEvent {
  at: Date;
  /** The account whose credentials were used; null if there were none. */
  actorId: number | null;
  /** The account concerned; null if there is none. */
  accountId: number | null;
  action: AuditAction;
  /** The session, API client, invitation or issuer concerned. */
  subject: string | null;
  address: string | null;
  requestId: string | null;
}

/** An event as it is read; the last four fields are null unless it is a write by staff. */
export interface ReadEvent extends AuditEvent {
  id: number;
  method: string | null;
  /** The route. */
  route: string | null;
  path: string | null;
  /** The HTTP status; also null if the request was interrupted. */
  status: number | null;
}

/** A filter of events, which must match all given fields. */
export interface AuditFilter {
  accountId?: number | undefined;
  actorId?: number | undefined;
  action?: AuditAction | undefined;
  requestId?: string | undefined;
  /** At or after `from`, and before `to`. */
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

/** Inserts an event, in the transaction of the change. */
export async function addEvent(db: MysqlPool | MysqlConnection, event: AuditEvent): Promise<void> {
  await db.execute(
    `INSERT INTO auth_audit (at, actor_id, account_id, action, subject, address, request_id)
     VALUES (:at, :actorId, :accountId, :action, :subject, :address, :requestId)`,
    { ...event },
  );
}

/** Inserts an entry about a write by staff; an existing one is left as it is. */
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

/** Events before `beforeId`, the most recently stored first. */
export async function readEvents(
  pool: MysqlPool,
  { filter, beforeId, limit }: { filter: AuditFilter; beforeId: number; limit: number },
): Promise<ReadEvent[]> {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  const conditionsOfAll = ["a.id < :beforeId", ...given.map(([name]) => conditions[name as keyof AuditFilter])];
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT a.id, a.at, a.actor_id AS actorId, a.account_id AS accountId, a.action, a.subject, a.address,
            a.request_id AS requestId, a.method, a.route, a.path, o.status
       FROM auth_audit a LEFT JOIN auth_audit_outcome o ON o.event_id = a.event_id
      WHERE ${conditionsOfAll.join(" AND ")} ORDER BY a.id DESC LIMIT ${Math.trunc(limit)}`,
    { beforeId, ...Object.fromEntries(given) },
  );
  return rows as ReadEvent[];
}
