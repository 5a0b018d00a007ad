import type { Account } from "@quintet/auth";
import { inMysqlTransaction, type MysqlConnection, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { reserveEmails } from "./email-queries.ts";

/** The table of processed requests with an `Idempotency-Key`. */
export const processedRequestsTable = "auth_done_requests";

/** A row of `auth_user`, with what a sign-in needs. */
export interface StoredAccount extends Account {
  passwordHash: string;
  isActive: boolean;
  /** How many times all its tokens have been revoked. */
  epoch: number;
}

/** A row to insert. An empty email means none. */
export interface NewAccount {
  username: string;
  email: string;
  passwordHash: string;
  isStaff: boolean;
  joinedAt: Date;
}

const columns = `u.id, u.username, u.email, u.is_staff, u.is_active, u.date_joined, u.password,
  COALESCE((SELECT e.epoch FROM auth_epoch e WHERE e.account_id = u.id), 0) AS epoch`;

/**
 * The accounts that a login may refer to: the one with that username, then the one with that email. An email that another program
 * has added to Django's table since the last start is found among the newest rows.
 */
export async function findByLogin(pool: MysqlPool, login: string): Promise<StoredAccount[]> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT ${columns}, 1 AS place FROM auth_user u WHERE u.username = :login
     UNION ALL
     SELECT ${columns}, 2 AS place FROM auth_email e JOIN auth_user u ON u.id = e.account_id
      WHERE e.email = LOWER(:login) AND LOWER(u.email) = LOWER(:login)
     UNION ALL
     SELECT ${columns}, 3 AS place FROM auth_user u
      WHERE u.id > (SELECT COALESCE(MAX(account_id), 0) FROM auth_email) AND u.email <> '' AND LOWER(u.email) = LOWER(:login)
     ORDER BY place, id`,
    { login },
  );
  // The collations of the columns may equate Anna, anna and ánna; a username is exact, an email ignores case.
  const email = login.toLowerCase();
  return rows
    .map((row) => ({ byEmail: row.place !== 1, account: toStored(row) }))
    .filter(({ byEmail, account }) => (byEmail ? account.email.toLowerCase() === email : account.username === login))
    .map(({ account }) => account);
}

/** The account with this id, active or not. */
export async function findById(db: MysqlPool | MysqlConnection, id: number): Promise<StoredAccount | undefined> {
  const [rows] = await db.execute<RowDataPacket[]>(`SELECT ${columns} FROM auth_user u WHERE u.id = :id`, { id });
  return rows[0] ? toStored(rows[0]) : undefined;
}

/** One hash of each kind in the table (algorithm and costs); reads every account. */
export async function hashOfEachKind(pool: MysqlPool): Promise<string[]> {
  const [rows] = await pool.query<RowDataPacket[]>(
    `SELECT MIN(password) AS hash FROM auth_user
      WHERE SUBSTRING_INDEX(password, '$', 1) IN ('argon2', 'bcrypt', 'bcrypt_sha256', 'pbkdf2_sha1', 'pbkdf2_sha256')
      GROUP BY SUBSTRING_INDEX(password, '$', IF(password LIKE 'pbkdf2%', 2, 4))`,
  );
  return rows.map((row) => String(row.hash));
}

/** Replaces the hash of an account if it is still `old`; returns whether it was. */
export async function replaceHash(
  db: MysqlPool | MysqlConnection,
  id: number,
  old: string,
  replacement: string,
): Promise<boolean> {
  const [result] = await db.execute<ResultSetHeader>(
    "UPDATE auth_user SET password = :replacement WHERE id = :id AND password = :old",
    { id, old, replacement },
  );
  return result.affectedRows > 0;
}

/** Activates or deactivates an account; returns whether the row changed. */
export async function setActive(connection: MysqlConnection, id: number, isActive: boolean): Promise<boolean> {
  const [result] = await connection.execute<ResultSetHeader>(
    "UPDATE auth_user SET is_active = :isActive WHERE id = :id",
    { id, isActive },
  );
  return result.affectedRows > 0;
}

/** Records the time of a sign-in. */
export async function setLastLogin(connection: MysqlConnection, id: number, at: Date): Promise<void> {
  await connection.execute("UPDATE auth_user SET last_login = :at WHERE id = :id", { id, at });
}

/**
 * Inserts an account, the reservation of its emails, and what `also` inserts, all or nothing. Returns the id, or which of these is
 * taken.
 */
export async function insertAccount(
  pool: MysqlPool,
  account: NewAccount,
  also?: (connection: MysqlConnection, id: number) => Promise<void>,
): Promise<number | "username" | "email" | "also"> {
  let step: "username" | "email" | "also" = "username";
  try {
    return await inMysqlTransaction(pool, async (connection) => {
      step = "username";
      const [user] = await connection.execute<ResultSetHeader>(
        `INSERT INTO auth_user
           (password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
         VALUES (:passwordHash, NULL, :isStaff, :username, '', '', :email, :isStaff, 1, :joinedAt)`,
        { ...account },
      );
      step = "email";
      await reserveEmails(connection, user.insertId, account);
      step = "also";
      await also?.(connection, user.insertId);
      return user.insertId;
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ER_DUP_ENTRY") return step;
    throw error;
  }
}

/** The public fields of an account, from a row of `auth_user`. */
export function accountOf(row: RowDataPacket): Account {
  return {
    id: Number(row.id),
    username: String(row.username),
    email: String(row.email),
    isStaff: Boolean(row.is_staff),
    createdAt: (row.date_joined as Date).toISOString(),
  };
}

function toStored(row: RowDataPacket): StoredAccount {
  return {
    ...accountOf(row),
    isActive: Boolean(row.is_active),
    passwordHash: String(row.password),
    epoch: Number(row.epoch),
  };
}
