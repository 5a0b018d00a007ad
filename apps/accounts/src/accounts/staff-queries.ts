import type { Account } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { accountOf } from "./account-queries.ts";

/** An account with what staff may see. */
export interface ListedAccount extends Account {
  isActive: boolean;
  /** When it last signed in, ISO 8601, UTC; null if never. */
  lastLogin: string | null;
}

const columns = "id, username, email, is_staff, is_active, date_joined, last_login";

/** At most `limit` accounts after `afterId`, by id; with `text` only those whose username or email begins with it. */
export async function listAccounts(
  pool: MysqlPool,
  { text, afterId, limit }: { text: string | undefined; afterId: number; limit: number },
): Promise<ListedAccount[]> {
  const like = text === undefined ? undefined : `${text.replace(/[\\%_]/g, "\\$&")}%`;
  // Django's email column has no index; `auth_email` has.
  const matching =
    like === undefined
      ? ""
      : `AND (username LIKE :like OR id IN (SELECT account_id FROM auth_email WHERE email LIKE LOWER(:like)))`;
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT ${columns} FROM auth_user WHERE id > :afterId ${matching} ORDER BY id LIMIT ${Math.trunc(limit)}`,
    like === undefined ? { afterId } : { afterId, like },
  );
  return rows.map(toListed);
}

/** The account with this id. */
export async function listedAccount(pool: MysqlPool, id: number): Promise<ListedAccount | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(`SELECT ${columns} FROM auth_user WHERE id = :id`, { id });
  return rows[0] && toListed(rows[0]);
}

/** The usernames of accounts, by id; those that do not exist are left out. */
export async function usernamesOf(pool: MysqlPool, ids: number[]): Promise<Map<number, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const places = wanted.map((_, i) => `:id${i}`).join(", ");
  const values = Object.fromEntries(wanted.map((id, i) => [`id${i}`, id]));
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT id, username FROM auth_user WHERE id IN (${places})`,
    values,
  );
  return new Map(rows.map((row) => [Number(row.id), String(row.username)]));
}

function toListed(row: RowDataPacket): ListedAccount {
  return {
    ...accountOf(row),
    isActive: Boolean(row.is_active),
    lastLogin: row.last_login === null ? null : (row.last_login as Date).toISOString(),
  };
}
