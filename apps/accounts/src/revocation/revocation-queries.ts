import { accessTokenSeconds, type Revocation, revocationSeconds } from "@quintet/auth/issuer";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

// Times are the database's own, which all issuers share. If the clock of an issuer is ahead, so are its tokens, and its revocations
// are kept for as much longer.
const until = `GREATEST(UTC_TIMESTAMP(3), :now, :issuedAt) + INTERVAL ${revocationSeconds} SECOND`;
// A session ends 30 days after its last use; its last tokens were issued at that use.
const lastUses = {
  account: "SELECT MAX(expires_at) - INTERVAL 30 DAY AS at FROM auth_refresh_family WHERE account_id = :subject",
  session: "SELECT expires_at - INTERVAL 30 DAY AS at FROM auth_refresh_family WHERE id = :subject",
};

/** Stores a revocation until all tokens that it concerns have expired; extends an existing one of the same subject. */
export async function storeRevocation(
  connection: MysqlConnection,
  { kind, subject, epoch, tokensEndAt }: Revocation,
  now: Date,
): Promise<void> {
  let issuedAt = tokensEndAt === undefined ? now : new Date(tokensEndAt - accessTokenSeconds * 1000);
  if (kind !== "token") {
    // Later than now if the clock was ahead: those tokens would become valid again at that time.
    const [rows] = await connection.execute<RowDataPacket[]>(lastUses[kind], { subject });
    issuedAt = rows[0]?.at ?? now;
  }
  await connection.execute(
    `INSERT INTO auth_revocation (kind, subject, epoch, until_at) VALUES (:kind, :subject, :epoch, ${until})
     ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, :epoch), until_at = GREATEST(until_at, ${until})`,
    { kind, subject, epoch, now, issuedAt },
  );
}

/** Revocations, and the time of the database at which they were read. */
export interface RevocationsRead {
  at: Date;
  entries: Revocation[];
}

/**
 * The revocations that were stored later than `overlapSeconds` before `since`, a time of the database; without `since` all that have
 * not expired by the database's clock or by `now`.
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

/** Moves an account to its next epoch, which revokes all tokens of earlier ones. Returns the new epoch. */
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
