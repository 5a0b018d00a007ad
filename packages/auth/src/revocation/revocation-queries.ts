import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { Revocation } from "./revoked-table.ts";

/** Stores a revocation until `until`; one of the same subject is brought up to it. */
export async function storeRevocation(
  db: MysqlPool | MysqlConnection,
  { kind, subject, epoch }: Revocation,
  until: Date,
): Promise<void> {
  await db.execute(
    `INSERT INTO auth_revocation (kind, subject, epoch, until_at) VALUES (:kind, :subject, :epoch, :until)
     ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, :epoch), until_at = GREATEST(until_at, :until)`,
    { kind, subject, epoch, until },
  );
}

/** The revocations that end after `after`. */
export async function revocationsUntil(pool: MysqlPool, after: Date): Promise<Revocation[]> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    "SELECT kind, subject, epoch FROM auth_revocation WHERE until_at > :after ORDER BY until_at",
    { after },
  );
  return rows as Revocation[];
}

/** Removes some revocations that ended before `now`. */
export async function removeEnded(pool: MysqlPool, now: Date): Promise<void> {
  await pool.execute("DELETE FROM auth_revocation WHERE until_at < :now ORDER BY until_at LIMIT 1000", { now });
}

/** Moves an account to its next epoch: all tokens of the ones before are revoked. Answers the new one. */
export async function nextEpoch(connection: MysqlConnection, accountId: number, at: Date): Promise<number> {
  await connection.execute(
    `INSERT INTO auth_epoch (account_id, epoch, changed_at) VALUES (:accountId, 1, :at)
     ON DUPLICATE KEY UPDATE epoch = epoch + 1, changed_at = :at`,
    { accountId, at },
  );
  const [rows] = await connection.execute<RowDataPacket[]>(
    "SELECT epoch FROM auth_epoch WHERE account_id = :accountId",
    { accountId },
  );
  return Number(rows[0]?.epoch);
}
