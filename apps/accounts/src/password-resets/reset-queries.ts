import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** A link as it is stored. */
export interface StoredReset {
  accountId: number;
  /** A digest of the account's state when the link was created. */
  state: Buffer;
  expiresAt: Date;
}

/** Inserts a link. */
export async function insertReset(
  db: MysqlPool | MysqlConnection,
  tokenHash: Buffer,
  reset: StoredReset,
): Promise<void> {
  await db.execute(
    "INSERT INTO auth_reset (token_hash, account_id, state, expires_at) VALUES (:tokenHash, :accountId, :state, :expiresAt)",
    { tokenHash, ...reset },
  );
}

/** The link with this hash. */
export async function findReset(pool: MysqlPool, tokenHash: Buffer): Promise<StoredReset | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    "SELECT account_id AS accountId, state, expires_at AS expiresAt FROM auth_reset WHERE token_hash = :tokenHash",
    { tokenHash },
  );
  return rows[0] as StoredReset | undefined;
}

/** Deletes all links of an account. */
export async function deleteResetsOf(connection: MysqlConnection, accountId: number): Promise<void> {
  await connection.execute("DELETE FROM auth_reset WHERE account_id = :accountId", { accountId });
}
