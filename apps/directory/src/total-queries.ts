import type { PostgresSql } from "@quintet/db";
import type { Fragment } from "postgres";
import { isOfClasses, type NameClass, type NamePart, namesOf, type Word } from "./name-classes.ts";
import type { SearchPlan } from "./search-plan.ts";
import { hasOtherWords } from "./search-queries.ts";

/**
 * The total of a search: the users whose last name has all words and those whose first name has, less those in whom both
 * have, and those whose names have the words only together. Only the last two are counted user by user.
 */
export async function countExactly(sql: PostgresSql, words: Word[], plan: SearchPlan): Promise<number> {
  const { full, mixed } = plan;
  const all = (column: Fragment) =>
    words.map(({ pattern }) => sql`${column} LIKE ${pattern}`).reduce((a, b) => sql`${a} AND ${b}`);
  const lastHasAll = all(sql`last_key`);
  const firstHasAll = all(sql`first_key`);
  const count = (part: NamePart, classes: NameClass[], ...rules: Fragment[]) =>
    classes.length === 0 ? sql`0` : countUsersOf(sql, part, namesOf(sql, part, words, classes), rules);

  const both =
    full.last && full.first
      ? full.last.users <= full.first.users
        ? count("last", [full.last], firstHasAll)
        : count("first", [full.first], lastHasAll)
      : sql`0`;
  const mixedRules = (part: NamePart, ...others: (Fragment | false | undefined)[]) => [
    hasOtherWords(sql, part, words, plan),
    ...others.filter((rule) => rule !== undefined && rule !== false),
  ];
  const byLast = count("last", mixed.last, ...mixedRules("last", full.first && sql`NOT (${firstHasAll})`));
  const byFirst = count(
    "first",
    mixed.first,
    ...mixedRules(
      "first",
      full.last && sql`NOT (${lastHasAll})`,
      mixed.last.length > 0 && sql`NOT (${isOfClasses(sql, sql`last_key`, words, mixed.last)})`,
    ),
  );
  const [row] = await sql<{ both: string; mixed: string }[]>`SELECT ${both} AS both, ${byLast} + ${byFirst} AS mixed`;
  return (full.last?.users ?? 0) + (full.first?.users ?? 0) - Number(row?.both) + Number(row?.mixed);
}

/** How many of the users of some names follow all rules. The inner count forces one look-up in the index for each name. */
function countUsersOf(sql: PostgresSql, part: NamePart, names: Fragment, rules: Fragment[]) {
  const column = part === "last" ? sql`last_key` : sql`first_key`;
  const condition = rules.reduce((a, b) => sql`${a} AND ${b}`);
  return sql`(
    SELECT coalesce(sum(found.users), 0)::bigint FROM ${names} AS names
    CROSS JOIN LATERAL (
      SELECT count(*) AS users FROM directory.users WHERE ${column} = names.name AND ${condition}
    ) AS found)`;
}
