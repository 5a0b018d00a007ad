import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";

/** An invitation as it is stored. */
export interface StoredInvitation {
  id: number;
  /** The only email that may use it; any when null. */
  email: string | null;
  /** The staff account that created it. */
  madeBy: number;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  usedAt: Date | null;
  /** The account that was created with it. */
  accountId: number | null;
}

const columns = `id, email, made_by AS madeBy, created_at AS createdAt, expires_at AS expiresAt,
  revoked_at AS revokedAt, used_at AS usedAt, account_id AS accountId`;
const valid = `token_hash = :tokenHash AND used_at IS NULL AND revoked_at IS NULL AND expires_at > :now
  AND (email IS NULL OR email = LOWER(:email))`;

/** Inserts an invitation, with its email in lower case; returns its id. */
export async function insertInvitation(
  connection: MysqlConnection,
  invitation: { tokenHash: Buffer; email: string | null; madeBy: number; createdAt: Date; expiresAt: Date },
): Promise<number> {
  const [result] = await connection.execute<ResultSetHeader>(
    `INSERT INTO auth_invitation (token_hash, email, made_by, created_at, expires_at)
     VALUES (:tokenHash, :email, :madeBy, :createdAt, :expiresAt)`,
    invitation,
  );
  return result.insertId;
}

/** Whether an invitation is valid at `now` for this email. */
export async function isValid(pool: MysqlPool, tokenHash: Buffer, email: string, now: Date): Promise<boolean> {
  const [rows] = await pool.execute<RowDataPacket[]>(`SELECT 1 FROM auth_invitation WHERE ${valid}`, {
    tokenHash,
    email,
    now,
  });
  return rows.length > 0;
}

/** Marks an invitation as used by an account; returns its id, or `undefined` when it is invalid. */
export async function useInvitation(
  connection: MysqlConnection,
  tokenHash: Buffer,
  { email, accountId, now }: { email: string; accountId: number; now: Date },
): Promise<number | undefined> {
  const [rows] = await connection.execute<RowDataPacket[]>(`SELECT id FROM auth_invitation WHERE ${valid} FOR UPDATE`, {
    tokenHash,
    email,
    now,
  });
  if (!rows[0]) return undefined;
  const id = Number(rows[0].id);
  await connection.execute("UPDATE auth_invitation SET used_at = :now, account_id = :accountId WHERE id = :id", {
    id,
    now,
    accountId,
  });
  return id;
}

/** Revokes an unused invitation; returns whether there was one with this id. */
export async function revokeInvitation(connection: MysqlConnection, id: number, now: Date): Promise<boolean> {
  const [result] = await connection.execute<ResultSetHeader>(
    "UPDATE auth_invitation SET revoked_at = :now WHERE id = :id AND used_at IS NULL AND revoked_at IS NULL",
    { id, now },
  );
  return result.affectedRows > 0;
}

/** Invitations before an id, the newest first. */
export async function listInvitations(
  pool: MysqlPool,
  { beforeId, limit }: { beforeId: number; limit: number },
): Promise<StoredInvitation[]> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT ${columns} FROM auth_invitation WHERE id < :beforeId ORDER BY id DESC LIMIT ${Math.trunc(limit)}`,
    { beforeId },
  );
  return rows as StoredInvitation[];
}

/** The invitation with this id. */
export async function findInvitation(pool: MysqlPool, id: number): Promise<StoredInvitation | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(`SELECT ${columns} FROM auth_invitation WHERE id = :id`, { id });
  return rows[0] as StoredInvitation | undefined;
}
