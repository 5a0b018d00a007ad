import { Problem } from "@quintet/http";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { eq, sql } from "../database/drizzle.ts";
import { reports, wordFilters, writeCounts } from "../database/moderation-tables.ts";
import { profiles } from "../database/schema.ts";
import { wordKey } from "./word-key.ts";

/** How many posts, and how many comments and reports each, an account may write in an hour, and a new one in its first day. */
export interface WriteLimits {
  perHour: number;
  newPerHour: number;
}

interface Writer {
  id: number;
  /** When the account was created; ISO 8601. */
  createdAt: string;
}

/** What somebody is about to write. A change of something written before has no `kind` and is not counted. */
interface Write {
  kind?: "post" | "comment" | "report";
  /** The texts by the names of their fields. */
  texts: Record<string, string>;
}

const dayMs = 24 * 3_600_000;

/**
 * What is checked before anything that people write is stored, in the transaction that stores it. Throws 403 for somebody who is suspended,
 * 422 that names the field with a phrase that a word filter refuses, 429 for more than the limits. Resolves to the phrases that are to
 * be reported. The writer's profile must exist.
 */
export function createWriteRules({ perHour, newPerHour }: WriteLimits) {
  return async function admit(on: Database | Transaction, writer: Writer, { kind, texts }: Write): Promise<string[]> {
    const { isSuspended, found } = await readRules(on, writer.id, Object.values(texts).map(wordKey).join("\n"));
    if (isSuspended) throw new Problem("forbidden", "This account is suspended: it may read, and appeal.");
    const refused = found.filter(({ action }) => action === "refuse").map(({ key }) => key);
    const errors = Object.entries(texts).flatMap(([path, text]) =>
      refused.some((key) => wordKey(text).includes(key))
        ? [{ path, message: "has words that may not be used here" }]
        : [],
    );
    const [first] = errors;
    if (first) throw new Problem("unprocessable", `${first.path}: ${first.message}`, { errors });
    if (kind) {
      const isNew = Date.now() - Date.parse(writer.createdAt) < dayMs;
      await countWrite(on, writer.id, kind, isNew ? newPerHour : perHour);
    }
    return found.map(({ phrase }) => phrase);
  };
}

interface FoundPhrase {
  phrase: string;
  key: string;
  action: "refuse" | "report";
}

async function readRules(on: Database | Transaction, writer: number, key: string) {
  const found = sql<FoundPhrase[]>`(
    select coalesce(jsonb_agg(jsonb_build_object('phrase', ${wordFilters.phrase}, 'key', ${wordFilters.key}, 'action', ${wordFilters.action})), '[]')
    from ${wordFilters} where strpos(${key}, ${wordFilters.key}) > 0)`;
  const read = on.select({ isSuspended: sql<boolean>`${profiles.suspendedAt} is not null`, found }).from(profiles);
  const rows = await unwrapDriverError(read.where(eq(profiles.id, writer)));
  return rows[0] ?? { isSuspended: false, found: [] };
}

/** Counts a write of this hour; throws 429 when there were `limit` already. */
async function countWrite(
  on: Database | Transaction,
  profileId: number,
  kind: NonNullable<Write["kind"]>,
  limit: number,
): Promise<void> {
  const counted = on
    .insert(writeCounts)
    .values({ profileId, kind, hour: sql`date_trunc('hour', now(), 'UTC')` })
    .onConflictDoUpdate({
      target: [writeCounts.profileId, writeCounts.kind, writeCounts.hour],
      set: { used: sql`${writeCounts.used} + 1` },
      setWhere: sql`${writeCounts.used} < ${limit}`,
    });
  const seconds = sql<number>`ceil(extract(epoch from date_trunc('hour', now(), 'UTC') + interval '1 hour' - now()))::int`;
  const rows = await unwrapDriverError(counted.returning({ used: writeCounts.used }));
  if (rows.length > 0) return;
  const [left] = await unwrapDriverError(on.select({ seconds }).from(sql`(values (1)) one`));
  throw new Problem("too-many-requests", `An account may write ${limit} ${kind}s in an hour.`, {
    headers: { "Retry-After": String(left?.seconds ?? 3600) },
  });
}

/** Removes the counts of hours that are over. */
export async function removeOldWriteCounts(db: Database): Promise<void> {
  await unwrapDriverError(db.delete(writeCounts).where(sql`${writeCounts.hour} < now() - interval '1 day'`));
}

/** Something that somebody wrote, as a report keeps it. */
export interface Said {
  subject: "post" | "comment" | "user";
  subjectId: number;
  authorId: number;
  said: string;
}

/** Reports to staff what a word filter found. Nothing when it is reported already. */
export async function reportPhrases(on: Database | Transaction, said: Said, phrases: string[]): Promise<void> {
  if (phrases.length === 0) return;
  const note = `Word filter: ${phrases.join(", ")}`.slice(0, 2000);
  await unwrapDriverError(
    on
      .insert(reports)
      .values({ ...said, reason: "other", note })
      .onConflictDoNothing(),
  );
}

export type AdmitWrite = ReturnType<typeof createWriteRules>;
