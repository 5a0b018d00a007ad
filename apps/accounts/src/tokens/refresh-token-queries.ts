import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** The address and program of a client, as far as they are known. */
export interface SeenFrom {
  address: string | null;
  userAgent: string | null;
}

/** A session: one sign-in and all refresh tokens that follow from it. */
export interface Family extends SeenFrom {
  id: string;
  accountId: number;
  clientId: string;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
}

/** A refresh token as it is stored, with the data of its family. */
export interface StoredToken {
  familyId: string;
  accountId: number;
  clientId: string;
  scope: string;
  createdAt: Date;
  usedAt: Date | null;
  expiresAt: Date;
  revokedAt: Date | null;
}

/**
 * Inserts a family with its first token, if the account is still in the epoch in which its password was checked. The share lock
 * serializes this with changes of the epoch. Returns whether it was inserted.
 */
export async function insertFamily(
  connection: MysqlConnection,
  family: Family,
  epoch: number,
  tokenHash: Buffer,
): Promise<boolean> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    "SELECT epoch FROM auth_epoch WHERE account_id = :accountId LOCK IN SHARE MODE",
    { accountId: family.accountId },
  );
  if (Number(rows[0]?.epoch ?? 0) !== epoch) return false;
  await connection.execute(
    `INSERT INTO auth_refresh_family
       (id, account_id, client_id, scope, created_at, expires_at, used_at, address, user_agent)
     VALUES (:id, :accountId, :clientId, :scope, :createdAt, :expiresAt, :createdAt, :address, :userAgent)`,
    { ...family },
  );
  await insertToken(connection, family.id, tokenHash, family.createdAt);
  return true;
}

const byHash = `SELECT t.family_id AS familyId, t.used_at AS usedAt, f.account_id AS accountId, f.client_id AS clientId, f.scope,
                        f.created_at AS createdAt, f.expires_at AS expiresAt, f.revoked_at AS revokedAt
                   FROM auth_refresh_token t JOIN auth_refresh_family f ON f.id = t.family_id
                  WHERE t.token_hash = :tokenHash`;

/** The token with this hash. */
export async function findToken(pool: MysqlPool, tokenHash: Buffer): Promise<StoredToken | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(byHash, { tokenHash });
  return rows[0] as StoredToken | undefined;
}

/** The same; locks its row and its family until the transaction ends. */
export async function lockToken(connection: MysqlConnection, tokenHash: Buffer): Promise<StoredToken | undefined> {
  const [rows] = await connection.execute<RowDataPacket[]>(`${byHash} FOR UPDATE`, { tokenHash });
  return rows[0] as StoredToken | undefined;
}

/**
 * The successor of a token that was used at `usedAt`: the one with the hash `expected`, otherwise an unused one that was created at
 * that moment.
 */
export async function findFollower(
  connection: MysqlConnection,
  familyId: string,
  usedAt: Date,
  expected: Buffer,
): Promise<{ hash: Buffer; usedAt: Date | null } | undefined> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    `SELECT token_hash AS hash, used_at AS usedAt FROM auth_refresh_token
      WHERE family_id = :familyId AND (token_hash = :expected OR (created_at = :usedAt AND used_at IS NULL))
      ORDER BY token_hash = :expected DESC LIMIT 1`,
    { familyId, expected, usedAt },
  );
  return rows[0] as { hash: Buffer; usedAt: Date | null } | undefined;
}

/** Replaces a token that has not been used. */
export async function replaceToken(connection: MysqlConnection, old: Buffer, replacement: Buffer): Promise<void> {
  await connection.execute(
    "UPDATE auth_refresh_token SET token_hash = :replacement WHERE token_hash = :old AND used_at IS NULL",
    { old, replacement },
  );
}

/** Marks a token as used, inserts its successor, and extends the family until `expiresAt`. */
export async function succeedToken(
  connection: MysqlConnection,
  step: { familyId: string; used: Buffer; successor: Buffer; now: Date; expiresAt: Date },
): Promise<void> {
  const { familyId, used, successor, now, expiresAt } = step;
  await connection.execute("UPDATE auth_refresh_token SET used_at = :now WHERE token_hash = :used", { now, used });
  await insertToken(connection, familyId, successor, now);
  await connection.execute(
    "UPDATE auth_refresh_family SET expires_at = :expiresAt, used_at = :now WHERE id = :familyId",
    { familyId, expiresAt, now },
  );
}

/** Ends a family, with all its tokens. */
export async function revokeFamily(connection: MysqlConnection, familyId: string, now: Date): Promise<void> {
  await connection.execute(
    "UPDATE auth_refresh_family SET revoked_at = :now WHERE id = :familyId AND revoked_at IS NULL",
    { familyId, now },
  );
}

/** Ends the family of the token with this hash; returns its id if it was open. */
export async function revokeFamilyOf(
  connection: MysqlConnection,
  tokenHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const found = await lockToken(connection, tokenHash);
  if (!found || found.revokedAt) return undefined;
  await revokeFamily(connection, found.familyId, now);
  return found.familyId;
}

/** Ends all families of an account. */
export async function revokeFamiliesOf(connection: MysqlConnection, accountId: number, now: Date): Promise<void> {
  await connection.execute(
    "UPDATE auth_refresh_family SET revoked_at = :now WHERE account_id = :accountId AND revoked_at IS NULL",
    { accountId, now },
  );
}

async function insertToken(connection: MysqlConnection, familyId: string, hash: Buffer, now: Date): Promise<void> {
  await connection.execute(
    "INSERT INTO auth_refresh_token (token_hash, family_id, created_at) VALUES (:hash, :familyId, :now)",
    { hash, familyId, now },
  );
}
