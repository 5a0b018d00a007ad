import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** What an account has agreed to. */
export interface Consent {
  clientId: string;
  accountId: number;
  epoch: number;
  redirectUri: string;
  /** S256 of the client's verifier (RFC 7636 section 4.2). */
  challenge: string;
  scope: string;
}

/** An authorization code as it is stored. */
export interface StoredCode extends Consent {
  expiresAt: Date;
  /** The sign-in that it began, when it was used. */
  familyId: string | null;
}

/** Adds a code. */
export async function insertCode(pool: MysqlPool, codeHash: Buffer, code: StoredCode): Promise<void> {
  await pool.execute(
    `INSERT INTO auth_code (code_hash, client_id, account_id, epoch, redirect_uri, challenge, scope, expires_at)
     VALUES (:codeHash, :clientId, :accountId, :epoch, :redirectUri, :challenge, :scope, :expiresAt)`,
    { codeHash, ...code },
  );
}

/** The code with this hash, its row locked until the transaction ends. */
export async function lockCode(connection: MysqlConnection, codeHash: Buffer): Promise<StoredCode | undefined> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    `SELECT client_id AS clientId, account_id AS accountId, epoch, redirect_uri AS redirectUri, challenge, scope,
            expires_at AS expiresAt, family_id AS familyId
       FROM auth_code WHERE code_hash = :codeHash FOR UPDATE`,
    { codeHash },
  );
  return rows[0] as StoredCode | undefined;
}

/** Notes the sign-in that a code began. */
export async function useCode(connection: MysqlConnection, codeHash: Buffer, familyId: string): Promise<void> {
  await connection.execute("UPDATE auth_code SET family_id = :familyId WHERE code_hash = :codeHash", {
    codeHash,
    familyId,
  });
}
