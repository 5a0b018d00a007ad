import type { PostgresSql } from "@quintet/db";
import { contains, type NamePart, nameTables, type Word } from "./name-classes.ts";

/** The number of users from whom the most frequent spelling of a name is taken. */
const spellingSample = 50;

/**
 * The `limit` most frequent first and last names that contain a word, those that begin with it first, each in its most frequent
 * spelling.
 */
export async function readFrequentNames(sql: PostgresSql, word: Word, limit: number): Promise<string[]> {
  const beginsWith = word.pattern.slice(1);
  const from = (part: NamePart) => sql`
    (SELECT name, users, name LIKE ${beginsWith} AS begins
    FROM ${sql(nameTables[part])} WHERE ${contains(sql, sql`name`, word)}
    ORDER BY begins DESC, users DESC, name LIMIT ${limit})`;
  const rows = await sql<{ spelling: string }[]>`
    SELECT spelled.spelling
    FROM (
      SELECT name, begins, sum(users) AS users FROM (${from("last")} UNION ALL ${from("first")}) AS names
      GROUP BY name, begins ORDER BY begins DESC, sum(users) DESC, name LIMIT ${limit}
    ) AS names
    CROSS JOIN LATERAL (
      SELECT spelling
      FROM (
        (SELECT last_name AS spelling FROM directory.users WHERE last_key = names.name
        ORDER BY first_key, id LIMIT ${spellingSample})
        UNION ALL
        (SELECT first_name FROM directory.users WHERE first_key = names.name ORDER BY last_key, id LIMIT ${spellingSample})
      ) AS spellings
      GROUP BY spelling ORDER BY count(*) DESC, spelling COLLATE "C" LIMIT 1
    ) AS spelled
    ORDER BY names.begins DESC, names.users DESC, names.name`;
  return rows.map((row) => row.spelling);
}
