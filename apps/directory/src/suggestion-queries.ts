import type { PostgresSql } from "@quintet/db";
import { contains, type NamePart, nameTables, type Word } from "./name-classes.ts";

/** The `limit` most frequent first and last names that contain a word, those that begin with it before the others. */
export async function readFrequentNames(sql: PostgresSql, word: Word, limit: number): Promise<string[]> {
  const beginsWith = word.pattern.slice(1);
  const from = (part: NamePart) => sql`
    (SELECT name, users, spelling, name LIKE ${beginsWith} AS begins
    FROM ${sql(nameTables[part])} WHERE ${contains(sql, sql`name`, word)}
    ORDER BY begins DESC, users DESC, name LIMIT ${limit})`;
  const rows = await sql<{ spelling: string }[]>`
    SELECT (array_agg(spelling ORDER BY users DESC))[1] AS spelling
    FROM (${from("last")} UNION ALL ${from("first")}) AS names
    GROUP BY name, begins ORDER BY begins DESC, sum(users) DESC, name LIMIT ${limit}`;
  return rows.map((row) => row.spelling);
}
