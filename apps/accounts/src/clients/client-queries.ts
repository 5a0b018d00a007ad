import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";

/** A program that an account has registered (RFC 6749 section 2). */
export interface ApiClient {
  id: string;
  accountId: number;
  name: string;
  /** SHA-256 of its secret; null for a public client. */
  secretHash: Buffer | null;
  redirectUris: string[];
  /** What its tokens may be used for at most, separated by spaces. */
  scope: string;
  createdAt: Date;
}

const columns =
  "id, account_id AS accountId, name, secret_hash AS secretHash, redirect_uris AS redirectUris, scope, created_at AS createdAt";

/** Inserts a client. */
export async function insertClient(connection: MysqlConnection, client: ApiClient): Promise<void> {
  await connection.execute(
    `INSERT INTO auth_client (id, account_id, name, secret_hash, redirect_uris, scope, created_at)
     VALUES (:id, :accountId, :name, :secretHash, :redirectUris, :scope, :createdAt)`,
    { ...client, redirectUris: JSON.stringify(client.redirectUris) },
  );
}

/** The client with this id. */
export async function findClient(pool: MysqlPool, id: string): Promise<ApiClient | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(`SELECT ${columns} FROM auth_client WHERE id = :id`, { id });
  return rows[0] && toClient(rows[0]);
}

/** The clients of an account, the newest first. */
export async function clientsOf(db: MysqlPool | MysqlConnection, accountId: number): Promise<ApiClient[]> {
  const [rows] = await db.execute<RowDataPacket[]>(
    `SELECT ${columns} FROM auth_client WHERE account_id = :accountId ORDER BY created_at DESC, id`,
    { accountId },
  );
  return rows.map(toClient);
}

/** Deletes a client of an account; returns whether it existed. */
export async function deleteClient(connection: MysqlConnection, accountId: number, id: string): Promise<boolean> {
  const [result] = await connection.execute<ResultSetHeader>(
    "DELETE FROM auth_client WHERE id = :id AND account_id = :accountId",
    { id, accountId },
  );
  return result.affectedRows > 0;
}

/** Ends the sessions of a client; returns their ids. */
export async function revokeFamiliesOfClient(connection: MysqlConnection, id: string, now: Date): Promise<string[]> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    "SELECT id FROM auth_refresh_family WHERE client_id = :id AND revoked_at IS NULL AND expires_at > :now FOR UPDATE",
    { id, now },
  );
  await connection.execute(
    "UPDATE auth_refresh_family SET revoked_at = :now WHERE client_id = :id AND revoked_at IS NULL",
    { id, now },
  );
  return rows.map((row) => String(row.id));
}

function toClient(row: RowDataPacket): ApiClient {
  return { ...(row as ApiClient), redirectUris: JSON.parse(String(row.redirectUris)) as string[] };
}
