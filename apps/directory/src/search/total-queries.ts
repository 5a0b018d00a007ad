import type { PostgresSql } from "@quintet/db";
import type { Fragment } from "postgres";
import { isInClasses, type NameClass, type NamePart, namesInClasses, type Word } from "./name-classes.ts";
import type { SearchPlan } from "./search-plan.ts";
import { hasOtherWords } from "./search-queries.ts";

/**
 * The exact total of a search: the users whose last name contains all words, plus those whose first name does, minus those whose
 * both names do, plus those whose names contain the words only together. Only the last two are counted user by user.
 */
export async function countExactly(sql: PostgresSql, words: Word[], plan: SearchPlan): Promise<number> {
  const { full, split } = plan;
  const all = (column: Fragment) =>
    words.map(({ pattern }) => sql`${column} LIKE ${pattern}`).reduce((a, b) => sql`${a} AND ${b}`);
  const lastHasAll = all(sql`last_key`);
  const firstHasAll = all(sql`first_key`);
  const count = (part: NamePart, classes: NameClass[], ...conditions: Fragment[]) =>
    classes.length === 0 ? sql`0` : countUsersOf(sql, part, namesInClasses(sql, part, words, classes), conditions);

  const both =
    full.last && full.first
      ? full.last.users <= full.first.users
        ? count("last", [full.last], firstHasAll)
        : count("first", [full.first], lastHasAll)
      : sql`0`;
  const splitConditions = (part: NamePart, ...others: (Fragment | false | undefined)[]) => [
    hasOtherWords(sql, part, words, plan),
    ...others.filter((condition) => condition !== undefined && condition !== false),
  ];
  const byLast = count("last", split.last, ...splitConditions("last", full.first && sql`NOT (${firstHasAll})`));
  const byFirst = count(
    "first",
    split.first,
    ...splitConditions(
      "first",
      full.last && sql`NOT (${lastHasAll})`,
      split.last.length > 0 && sql`NOT (${isInClasses(sql, sql`last_key`, words, split.last)})`,
    ),
  );
  const [row] = await sql<{ both: string; split: string }[]>`SELECT ${both} AS both, ${byLast} + ${byFirst} AS split`;
  return (full.last?.users ?? 0) + (full.first?.users ?? 0) - Number(row?.both) + Number(row?.split);
}

/** How many users of some names meet all conditions. The inner count forces one index lookup per name. */
function countUsersOf(sql: PostgresSql, part: NamePart, names: Fragment, conditions: Fragment[]) {
  const column = part === "last" ? sql`last_key` : sql`first_key`;
  const condition = conditions.reduce((a, b) => sql`${a} AND ${b}`);
  return sql`(
    SELECT coalesce(sum(found.users), 0)::bigint FROM ${names} AS names
    CROSS JOIN LATERAL (
      SELECT count(*) AS users FROM directory.users WHERE ${column} = names.name AND ${condition}
    ) AS found)`;
}
