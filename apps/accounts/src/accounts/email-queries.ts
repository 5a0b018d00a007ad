import { type MysqlConnection, type MysqlPool, retryOnDeadlock } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

// `auth_email` adds the unique index on emails that Django's table lacks. It also contains usernames that look like an email, so
// that no account can have a username that is the email of another.

/** Reserves the email of an account, and a username that looks like one; throws ER_DUP_ENTRY for a taken one. */
export async function reserveEmails(
  connection: MysqlConnection,
  id: number,
  account: { username: string; email: string },
): Promise<void> {
  const emails = [account.email, ...(account.username.includes("@") ? [account.username] : [])];
  for (const email of new Set(emails.map((text) => text.toLowerCase()).sort())) {
    if (email === "") continue;
    await connection.execute("INSERT INTO auth_email (email, account_id) VALUES (LOWER(:email), :id)", { email, id });
  }
}

/** Which of the two names is taken; a username that is the email of another account counts as taken, and vice versa. */
export async function takenNames(
  pool: MysqlPool,
  username: string,
  email: string,
): Promise<{ username: boolean; email: boolean }> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT EXISTS (SELECT 1 FROM auth_user WHERE username = :username)
         OR EXISTS (SELECT 1 FROM auth_email WHERE email = LOWER(:username) AND email <> LOWER(:email)) AS byUsername,
            EXISTS (SELECT 1 FROM auth_email WHERE email = LOWER(:email))
         OR EXISTS (SELECT 1 FROM auth_user WHERE username = :email AND username <> :username) AS byEmail`,
    { username, email },
  );
  return { username: Boolean(rows[0]?.byUsername), email: Boolean(rows[0]?.byEmail) };
}

/** Adds the emails of accounts that another program has added since the newest known one; fast when there are none. */
export async function learnNewEmails(pool: MysqlPool): Promise<void> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT MIN(u.id) AS first FROM auth_user u
      WHERE u.id > (SELECT COALESCE(MAX(account_id), 0) FROM auth_email) AND u.email <> ''`,
  );
  const first: unknown = rows[0]?.first;
  if (typeof first === "number") await learnEmails(pool, first);
}

/**
 * Synchronizes `auth_email` with `auth_user` for accounts from `firstId` on: deletes the emails that they no longer have and adds
 * those that they have. Of several accounts with the same email the oldest gets it. Reads every one of them.
 */
export function learnEmails(pool: MysqlPool, firstId: number): Promise<void> {
  return retryOnDeadlock(() => learn(pool, firstId));
}

async function learn(pool: MysqlPool, firstId: number): Promise<void> {
  const connection = await pool.getConnection();
  try {
    // Under READ COMMITTED the accounts are read without locks.
    await connection.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    await connection.beginTransaction();
    await connection.execute(
      `DELETE e FROM auth_email e LEFT JOIN auth_user u ON u.id = e.account_id
        WHERE e.account_id >= :firstId AND (u.id IS NULL OR (LOWER(u.email) <> e.email AND LOWER(u.username) <> e.email))`,
      { firstId },
    );
    await connection.execute(
      `INSERT IGNORE INTO auth_email (email, account_id)
       SELECT LOWER(u.email), u.id FROM auth_user u
        WHERE u.id >= :firstId AND u.email <> ''
          AND NOT EXISTS (SELECT 1 FROM auth_email e WHERE e.email = LOWER(u.email))
        ORDER BY u.id`,
      { firstId },
    );
    await connection.commit();
  } catch (error) {
    await connection.rollback().catch(() => connection.destroy());
    throw error;
  } finally {
    connection.release();
  }
}
