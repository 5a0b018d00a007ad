import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { type Revocation, revocationSeconds } from "./revoked-table.ts";

// Times are the database's own, which all issuers share. Where the clock of an issuer is ahead, so are its tokens, and what it
// revokes is kept for as long.
const until = `GREATEST(UTC_TIMESTAMP(3), :now) + INTERVAL ${revocationSeconds} SECOND`;

/** Stores a revocation until all tokens that it concerns have expired; one of the same subject is brought up to it. */
export async function storeRevocation(
  connection: MysqlConnection,
  { kind, subject, epoch }: Revocation,
  now: Date,
): Promise<void> {
  await connection.execute(
    `INSERT INTO auth_revocation (kind, subject, epoch, until_at) VALUES (:kind, :subject, :epoch, ${until})
     ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, :epoch), until_at = GREATEST(until_at, ${until})`,
    { kind, subject, epoch, now },
  );
}

/** The time of the database, and what was revoked. */
export interface RevocationsRead {
  at: Date;
  entries: Revocation[];
}

/**
 * The revocations that were stored in the `overlapSeconds` before `since`, a time of the database's, or later; without `since`
 * all that have not ended, be it by the database's clock or by `now`.
 */
export async function readRevocations(
  pool: MysqlPool,
  since: Date | undefined,
  { overlapSeconds, now }: { overlapSeconds: number; now: Date },
): Promise<RevocationsRead> {
  const [rows] = await pool.execute<RowDataPacket[]>(
    `SELECT clock.at, kind, subject, epoch FROM (SELECT UTC_TIMESTAMP(3) AS at) clock
       LEFT JOIN auth_revocation
         ON until_at > COALESCE(:since + INTERVAL ${revocationSeconds - overlapSeconds} SECOND, LEAST(UTC_TIMESTAMP(3), :now))
      ORDER BY until_at`,
    { since: since ?? null, now },
  );
  const entries = rows.flatMap(({ kind, subject, epoch }) => (kind === null ? [] : [{ kind, subject, epoch }]));
  return { at: rows[0]?.at, entries };
}

/** Moves an account to its next epoch: all tokens of the ones before are revoked. Answers the new one. */
export async function nextEpoch(connection: MysqlConnection, accountId: number, at: Date): Promise<number> {
  await connection.execute(
    `INSERT INTO auth_epoch (account_id, epoch, changed_at) VALUES (:accountId, 1, :at)
     ON DUPLICATE KEY UPDATE epoch = epoch + 1, changed_at = :at`,
    { accountId, at },
  );
  const [rows] = await connection.execute<RowDataPacket[]>(
    "SELECT epoch FROM auth_epoch WHERE account_id = :accountId",
    { accountId },
  );
  return Number(rows[0]?.epoch);
}
