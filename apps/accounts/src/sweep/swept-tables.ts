import { type MysqlConnection, removeOldRecords } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { processedRequestsTable } from "../accounts/account-queries.ts";
import { idleMs } from "../tokens/refresh-tokens.ts";
import type { SweptTable } from "./sweeper.ts";

const day = 24 * 3600_000;
/** Expired rows are kept this much longer, so that a clock that is temporarily a day ahead deletes nothing valid. */
const marginMs = 2 * day;
/** Expired means by the clocks of both this process and the database, so that one wrong clock deletes nothing. */
const limit = "LEAST(:now, UTC_TIMESTAMP(3)) - INTERVAL :keptSeconds SECOND";
const invitationsMs = 90 * day;
const sliceRows = 500;
const sliceFamilies = 100;

/** The tables in the size metric. */
export const countedTables = [
  "auth_user",
  "auth_refresh_family",
  "auth_refresh_token",
  "auth_code",
  "auth_reset",
  "auth_invitation",
  "auth_revocation",
  "auth_done_requests",
  "auth_audit",
  "auth_client",
  "auth_outside_identity",
] as const;

/** The tables whose expired rows are deleted, without the audit log; `now` is the wall clock in ms. */
export function sweptTables(now: () => number): SweptTable[] {
  const before = (keptMs: number) => ({ now: new Date(now()), keptSeconds: keptMs / 1000 });
  const ended = (table: string, column: string, keptMs = marginMs): SweptTable => ({
    table,
    removeSlice: (connection) =>
      remove(connection, `${table} WHERE ${column} < ${limit} ORDER BY ${column}`, before(keptMs)),
  });
  return [
    // No unused successor of a token that old is valid: sessions end after as long without use.
    ended("auth_refresh_token", "used_at", idleMs + marginMs),
    { table: "auth_refresh_family", removeSlice: (connection) => removeFamilies(connection, before(marginMs)) },
    ended("auth_code", "expires_at"),
    ended("auth_reset", "expires_at"),
    // Staff can see the state of old ones for a while.
    ended("auth_invitation", "expires_at", invitationsMs),
    ended("auth_revocation", "until_at"),
    {
      table: processedRequestsTable,
      removeSlice: (connection) => removeOldRecords(connection, processedRequestsTable),
    },
  ];
}

/** The parameters of `limit`. */
interface Before {
  now: Date;
  keptSeconds: number;
}

async function remove(connection: MysqlConnection, what: string, before: Before): Promise<number> {
  const [result] = await connection.execute<ResultSetHeader>(`DELETE FROM ${what} LIMIT ${sliceRows}`, { ...before });
  return result.affectedRows;
}

/** Deletes ended sessions, after their tokens, of which one may have very many. */
async function removeFamilies(connection: MysqlConnection, before: Before): Promise<number> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    `(SELECT id FROM auth_refresh_family WHERE expires_at < ${limit} ORDER BY expires_at LIMIT ${sliceFamilies})
     UNION (SELECT id FROM auth_refresh_family WHERE revoked_at < ${limit} ORDER BY revoked_at LIMIT ${sliceFamilies})`,
    { ...before },
  );
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => String(row.id));
  const tokens = `DELETE FROM auth_refresh_token WHERE family_id IN (?) LIMIT ${sliceRows}`;
  const [removed] = await connection.query<ResultSetHeader>(tokens, [ids]);
  if (removed.affectedRows > 0) return removed.affectedRows;
  const [ended] = await connection.query<ResultSetHeader>("DELETE FROM auth_refresh_family WHERE id IN (?)", [ids]);
  return ended.affectedRows;
}
