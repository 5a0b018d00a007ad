import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** An open session. */
export interface SessionRow {
  id: string;
  clientId: string;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
  /** When it was last used; `null` when it is not known, as for the next two. */
  usedAt: Date | null;
  address: string | null;
  userAgent: string | null;
}

/** The sessions of an account that are open at `now`, the newest first; at most 100. */
export async function sessionsOf(pool: MysqlPool, accountId: number, now: Date): Promise<SessionRow[]> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT id, client_id AS clientId, scope, created_at AS createdAt, expires_at AS expiresAt,
            used_at AS usedAt, address, user_agent AS userAgent
       FROM auth_refresh_family
      WHERE account_id = :accountId AND revoked_at IS NULL AND expires_at > :now ORDER BY created_at DESC, id LIMIT 100`,
    { accountId, now },
  );
  return rows as SessionRow[];
}

/** Whether an account has this session and it is open at `now`; locks its row until the transaction ends. */
export async function findSession(
  connection: MysqlConnection,
  accountId: number,
  id: string,
  now: Date,
): Promise<boolean> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    `SELECT 1 FROM auth_refresh_family
      WHERE id = :id AND account_id = :accountId AND revoked_at IS NULL AND expires_at > :now FOR UPDATE`,
    { id, accountId, now },
  );
  return rows.length > 0;
}
