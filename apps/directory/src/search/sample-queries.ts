import type { PostgresSql } from "@quintet/db";
import type { Word } from "./name-classes.ts";
import { hasEveryWord } from "./search-queries.ts";

/** The sample has one of so many users: those whose hash is in this range, by which they are in an order by chance. */
export const sampleDivisor = 8;

// Said as in the index `users_sample`, so that it is found.
const sampled = (sql: PostgresSql) =>
  sql`hashint8extended(id, 42) >= 0 AND hashint8extended(id, 42) < 2305843009213693952`;

/** How large a part of all users a search finds, judged by `rows` of the sample; 0 when it has fewer. */
export async function readMatchRatio(sql: PostgresSql, words: Word[], rows: number): Promise<number> {
  const [row] = await sql<{ density: number }[]>`
    SELECT CASE WHEN count(*) = ${rows} THEN (count(*) FILTER (WHERE ${hasEveryWord(sql, words)}))::float8 / ${rows}::int ELSE 0 END
      AS density
    FROM (
      SELECT last_key, first_key FROM directory.users WHERE ${sampled(sql)} ORDER BY hashint8extended(id, 42) LIMIT ${rows}
    ) AS sample`;
  return row?.density ?? 0;
}

/** Looks for `wanted` users in the sample: how many it found, and, if they were enough, how many it read for them. */
export async function readSample(
  sql: PostgresSql,
  words: Word[],
  wanted: number,
): Promise<{ found: number; read: number | undefined }> {
  const [row] = await sql<{ found: string; read: string | null }[]>`
    WITH found AS MATERIALIZED (
      SELECT hashint8extended(id, 42) AS place FROM directory.users
      WHERE ${sampled(sql)} AND ${hasEveryWord(sql, words)}
      ORDER BY hashint8extended(id, 42) LIMIT ${wanted}
    )
    SELECT (SELECT count(*) FROM found) AS found, CASE WHEN (SELECT count(*) FROM found) = ${wanted} THEN (
      SELECT count(*) FROM directory.users
      WHERE ${sampled(sql)} AND hashint8extended(id, 42) <= (SELECT max(place) FROM found)
    ) END AS read`;
  return { found: Number(row?.found), read: row?.read == null ? undefined : Number(row.read) };
}
