import type { PostgresSql } from "@quintet/db";
import type { Fragment } from "postgres";

/** A searched word: its folded key, the LIKE pattern of the key, and whether the trigram index can find it. */
export interface Word {
  key: string;
  pattern: string;
  hasTrigram: boolean;
}

export type NamePart = "last" | "first";

/**
 * The last (or first) names that contain the same subset of the searched words: bit i of `mask` stands for word i. `names` and
 * `users` count the names and the users who have one. `list` has the names when there are at most `maxListedNames` of that part.
 */
export interface NameClass {
  mask: number;
  names: number;
  users: number;
  list: string[] | undefined;
}

export const nameTables = { last: "directory.last_names", first: "directory.first_names" } as const;

const maxListedNames = 500;

/**
 * The searched words with their keys. Leaves out a word that folds to nothing, such as a single accent, and a word that is part of
 * another one, because it does not change the result.
 */
export async function readWords(sql: PostgresSql, words: string[]): Promise<Word[]> {
  if (words.length === 0) return [];
  const rows = await sql<{ key: string; pattern: string }[]>`
    SELECT DISTINCT directory.name_key(word) AS key, directory.name_pattern(word) AS pattern
    FROM unnest(${words}::text[]) AS word`;
  return rows
    .filter((row) => row.key !== "" && !rows.some((other) => other !== row && other.key.includes(row.key)))
    .map(({ key, pattern }) => ({ key, pattern, hasTrigram: /[\p{L}\p{N}]{3}/u.test(key) }));
}

/** The number of all users. */
export async function countUsers(sql: PostgresSql): Promise<number> {
  const [row] = await sql<{ users: string }[]>`
    SELECT coalesce(sum(users), 0) AS users FROM directory.last_name_prefixes`;
  return Number(row?.users);
}

/** The names of one part that contain at least one word, grouped by the words they contain. */
export async function readNameClasses(sql: PostgresSql, part: NamePart, words: Word[]): Promise<NameClass[]> {
  const name = sql`name`;
  const containsAny = words.map((word) => contains(sql, name, word)).reduce((a, b) => sql`${a} OR ${b}`);
  // Too many names contain a single letter.
  const mayBeFew = words.every((word) => word.key.length > 1);
  const few =
    mayBeFew &&
    (await sql<{ name: string; users: string }[]>`
    SELECT name, users FROM ${sql(nameTables[part])} WHERE ${containsAny} LIMIT ${maxListedNames + 1}`);
  if (few && few.length <= maxListedNames) return groupByMask(few, words);
  const rows = await sql<{ mask: number; names: string; users: string }[]>`
    SELECT mask, count(*) AS names, sum(users) AS users
    FROM (SELECT ${maskOf(sql, name, words)} AS mask, users FROM ${sql(nameTables[part])} OFFSET 0) AS masks
    WHERE mask > 0 GROUP BY mask`;
  return rows.map((row) => ({
    mask: row.mask,
    names: Number(row.names),
    users: Number(row.users),
    list: undefined,
  }));
}

/**
 * The names of some classes of one part as a table with the column `name`, and the column `mask` unless all of them contain every
 * word.
 */
export function namesInClasses(sql: PostgresSql, part: NamePart, words: Word[], classes: NameClass[]) {
  if (classes.every((one) => one.list)) {
    const names = classes.flatMap(({ list = [], mask }) => list.map((name) => ({ name, mask })));
    return sql`(
      SELECT name COLLATE "C" AS name, mask
      FROM unnest(${names.map((one) => one.name)}::text[], ${names.map((one) => one.mask)}::int[]) AS names (name, mask))`;
  }
  const masks = classes.map((one) => one.mask);
  if (masks.every((mask) => mask === (1 << words.length) - 1)) {
    const containsAll = words.map((word) => contains(sql, sql`name`, word)).reduce((a, b) => sql`${a} AND ${b}`);
    return sql`(SELECT name FROM ${sql(nameTables[part])} WHERE ${containsAll})`;
  }
  return sql`(
    SELECT name, mask
    FROM (SELECT name, ${maskOf(sql, sql`name`, words)} AS mask FROM ${sql(nameTables[part])} OFFSET 0) AS masks
    WHERE mask = ANY(${masks}::int[]))`;
}

/** The condition that a column contains exactly the words of one of the classes. */
export function isInClasses(sql: PostgresSql, column: Fragment, words: Word[], classes: NameClass[]) {
  return sql`(${maskOf(sql, column, words)}) = ANY(${classes.map((one) => one.mask)}::int[])`;
}

/**
 * The condition that a name contains a word. For a word without a trigram it avoids the index, which would be read completely.
 */
export function contains(sql: PostgresSql, column: Fragment, word: Word) {
  return word.hasTrigram ? sql`${column} LIKE ${word.pattern}` : sql`${column} || '' LIKE ${word.pattern}`;
}

function maskOf(sql: PostgresSql, column: Fragment, words: Word[]) {
  const bits = words.map((word, i) => sql`CASE WHEN ${column} LIKE ${word.pattern} THEN ${1 << i}::int ELSE 0 END`);
  return bits.reduce((a, b) => sql`${a} | ${b}`);
}

function groupByMask(rows: { name: string; users: string }[], words: Word[]): NameClass[] {
  const classes = new Map<number, NameClass & { list: string[] }>();
  for (const { name, users } of rows) {
    const mask = words.reduce((bits, word, i) => (name.includes(word.key) ? bits | (1 << i) : bits), 0);
    const found = classes.get(mask) ?? { mask, names: 0, users: 0, list: [] };
    classes.set(mask, found);
    found.names++;
    found.users += Number(users);
    found.list.push(name);
  }
  return [...classes.values()];
}
