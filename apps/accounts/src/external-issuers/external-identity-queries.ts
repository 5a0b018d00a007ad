import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** The identity of a person at another issuer. */
export interface ExternalIdentity {
  issuer: string;
  subject: string;
}

/** The account of an identity; `undefined` if there is none yet. */
export async function findIdentity(pool: MysqlPool, identity: ExternalIdentity): Promise<number | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    "SELECT account_id AS id FROM auth_outside_identity WHERE issuer = :issuer AND subject = :subject",
    bytesOf(identity),
  );
  return rows[0] && Number(rows[0].id);
}

/** Inserts an identity; throws ER_DUP_ENTRY for an existing one. */
export async function insertIdentity(
  connection: MysqlConnection,
  identity: ExternalIdentity,
  accountId: number,
  at: Date,
): Promise<void> {
  await connection.execute(
    `INSERT INTO auth_outside_identity (issuer, subject, account_id, created_at)
     VALUES (:issuer, :subject, :accountId, :at)`,
    { ...bytesOf(identity), accountId, at },
  );
}

/** When all tokens of an account were last revoked (ms); 0 if never. */
export async function epochChangedAt(pool: MysqlPool, accountId: number): Promise<number> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    "SELECT changed_at AS at FROM auth_epoch WHERE account_id = :accountId",
    { accountId },
  );
  const at: unknown = rows[0]?.at;
  return at instanceof Date ? at.getTime() : 0;
}

function bytesOf({ issuer, subject }: ExternalIdentity) {
  return { issuer: Buffer.from(issuer), subject: Buffer.from(subject) };
}

/** Corrects the time of the last epoch of an account, if it is later than `at`. */
export async function correctEpochTime(pool: MysqlPool, accountId: number, at: Date): Promise<void> {
  await pool.execute("UPDATE auth_epoch SET changed_at = :at WHERE account_id = :accountId AND changed_at > :at", {
    accountId,
    at,
  });
}
