import type { PostgresSql } from "@quintet/db";
import type { Word } from "./name-classes.ts";
import { hasEveryWord } from "./search-queries.ts";

/**
 * The sample has one in `sampleDivisor` users: those whose hash is in a fixed range. Ordered by the hash, they are in random
 * order.
 */
export const sampleDivisor = 8;

// Written as in the index `users_sample`, so that the planner uses it.
const sampled = (sql: PostgresSql) =>
  sql`hashint8extended(id, 42) >= 0 AND hashint8extended(id, 42) < 2305843009213693952`;

/** The ratio of users that match, from the first `rows` rows of the sample; 0 when the sample is smaller. */
export async function readMatchRatio(sql: PostgresSql, words: Word[], rows: number): Promise<number> {
  const [row] = await sql<{ density: number }[]>`
    SELECT CASE WHEN count(*) = ${rows} THEN (count(*) FILTER (WHERE ${hasEveryWord(sql, words)}))::float8 / ${rows}::int ELSE 0 END
      AS density
    FROM (
      SELECT last_key, first_key FROM directory.users WHERE ${sampled(sql)} ORDER BY hashint8extended(id, 42) LIMIT ${rows}
    ) AS sample`;
  return row?.density ?? 0;
}

/** Searches the sample for `matches` users: how many were found and, if that is all of them, how many rows were read. */
export async function readSample(
  sql: PostgresSql,
  words: Word[],
  matches: number,
): Promise<{ found: number; read: number | undefined }> {
  const [row] = await sql<{ found: string; read: string | null }[]>`
    WITH found AS MATERIALIZED (
      SELECT hashint8extended(id, 42) AS place FROM directory.users
      WHERE ${sampled(sql)} AND ${hasEveryWord(sql, words)}
      ORDER BY hashint8extended(id, 42) LIMIT ${matches}
    )
    SELECT (SELECT count(*) FROM found) AS found, CASE WHEN (SELECT count(*) FROM found) = ${matches} THEN (
      SELECT count(*) FROM directory.users
      WHERE ${sampled(sql)} AND hashint8extended(id, 42) <= (SELECT max(place) FROM found)
    ) END AS read`;
  return { found: Number(row?.found), read: row?.read == null ? undefined : Number(row.read) };
}
