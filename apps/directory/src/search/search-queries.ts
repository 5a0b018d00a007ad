import type { PostgresSql } from "@quintet/db";
import type { Fragment } from "postgres";
import type { Position, UserRow } from "../users/user.ts";
import { isInClasses, type NamePart, namesInClasses, type Word } from "./name-classes.ts";
import { namesToRead, rarestFirst, type SearchPlan } from "./search-plan.ts";

/** The rows of a search to read. `backward` reads towards the beginning and returns the rows in that direction. */
export interface Window {
  after: Position | undefined;
  backward: boolean;
  offset: number;
  limit: number;
}

/** A matching user with its position in the order. */
export interface FoundRow extends UserRow {
  last_key: string;
  first_key: string;
}

/** Reads a window of a search by the names of its plan: two disjoint branches, each in order. */
export async function readByNames(
  sql: PostgresSql,
  words: Word[],
  plan: SearchPlan,
  window: Window,
): Promise<FoundRow[]> {
  const [last, first] = namesToRead(plan);
  const conditions = (part: NamePart) => (plan.split[part].length > 0 ? [hasOtherWords(sql, part, words, plan)] : []);
  const branches: Fragment[] = [];
  if (last.length > 0)
    branches.push(byLastNames(sql, namesInClasses(sql, "last", words, last), conditions("last"), window));
  if (first.length > 0) {
    const others = last.length > 0 ? [sql`NOT (${isInClasses(sql, sql`last_key`, words, last)})`] : [];
    branches.push(
      byFirstNames(sql, namesInClasses(sql, "first", words, first), [...conditions("first"), ...others], window),
    );
  }
  if (branches.length === 0) return [];
  const all = branches.map((branch) => sql`(${branch})`).reduce((a, b) => sql`${a} UNION ALL ${b}`);
  return readUsers(sql, sql`SELECT last_key, first_key, id FROM (${all}) AS branches`, window);
}

/** Reads a window of a search by scanning at most `rows` of all users in order; it may find too few. */
export async function readByScan(sql: PostgresSql, words: Word[], window: Window, rows: number): Promise<FoundRow[]> {
  const { order, afterCursor } = windowSql(sql, window);
  const scanned = sql`
    SELECT last_key, first_key, id
    FROM (SELECT last_key, first_key, id FROM directory.users WHERE true ${afterCursor} ORDER BY ${order} LIMIT ${rows}) AS scanned
    WHERE ${hasEveryWord(sql, words)}`;
  return readUsers(sql, scanned, window);
}

/**
 * Reads a window of all users. An offset is found by the counts of names, so that only the users of one last name are skipped
 * over. An empty directory is not scanned: a bulk load may be filling it with rows that are not committed yet.
 */
export async function readAllUsers(sql: PostgresSql, window: Window): Promise<FoundRow[]> {
  if (window.offset > 0) return readOffsetPage(sql, window);
  const { afterCursor } = windowSql(sql, window);
  const everybody = sql`
    SELECT last_key, first_key, id FROM directory.users
    WHERE EXISTS (SELECT FROM directory.last_name_prefixes) ${afterCursor}`;
  return readUsers(sql, everybody, window);
}

/** The condition that the last or the first name contains each word. */
export function hasEveryWord(sql: PostgresSql, words: Word[]) {
  return words
    .map(({ pattern }) => sql`(last_key LIKE ${pattern} OR first_key LIKE ${pattern})`)
    .reduce((a, b) => sql`${a} AND ${b}`);
}

/** The condition that the user's other name contains the words that a row of `namesInClasses` lacks. */
export function hasOtherWords(sql: PostgresSql, part: NamePart, words: Word[], plan: SearchPlan) {
  const other = part === "last" ? sql`first_key` : sql`last_key`;
  const bits = new Map(words.map((word, i) => [word, 1 << i]));
  return rarestFirst(words, plan)
    .map((word) => sql`(names.mask & ${bits.get(word) ?? 0}::int <> 0 OR ${other} LIKE ${word.pattern})`)
    .reduce((a, b) => sql`${a} AND ${b}`);
}

/** Users name by name, in order, until there are enough. Without `conditions` every user of these names matches. */
function byLastNames(sql: PostgresSql, names: Fragment, conditions: Fragment[], window: Window) {
  const { depth, direction, afterCursor } = windowSql(sql, window);
  const { after, backward } = window;
  const bound = after ? (backward ? sql`AND name <= ${after.last}` : sql`AND name >= ${after.last}`) : sql``;
  // Every name has at least one user, except the one in which the page begins.
  const enough = conditions.length > 0 ? sql`` : sql`LIMIT ${depth + 1}`;
  return sql`
    SELECT names.name AS last_key, each.first_key, each.id
    FROM (SELECT * FROM ${names} AS names WHERE true ${bound} ORDER BY name ${direction} ${enough}) AS names
    CROSS JOIN LATERAL (
      SELECT first_key, id FROM directory.users
      WHERE last_key = names.name ${andAll(sql, conditions)} ${afterCursor}
      ORDER BY first_key ${direction}, id ${direction} LIMIT ${depth}
    ) AS each
    ORDER BY names.name ${direction}, each.first_key ${direction}, each.id ${direction} LIMIT ${depth}`;
}

/** The first users of each name, merged. LIMIT forces nested loops: one index lookup per name. */
function byFirstNames(sql: PostgresSql, names: Fragment, conditions: Fragment[], window: Window) {
  const { depth, direction, order, afterCursor } = windowSql(sql, window);
  const { after, backward } = window;
  // The bound on the last name alone can use the index in which first names come first.
  const bound = after ? (backward ? sql`AND last_key <= ${after.last}` : sql`AND last_key >= ${after.last}`) : sql``;
  return sql`
    SELECT each.last_key, each.first_key, each.id
    FROM ${names} AS names
    CROSS JOIN LATERAL (
      SELECT last_key, first_key, id FROM directory.users
      WHERE first_key = names.name ${andAll(sql, conditions)} ${bound} ${afterCursor}
      ORDER BY last_key ${direction}, id ${direction} LIMIT ${depth}
    ) AS each
    ORDER BY ${order} LIMIT ${depth}`;
}

async function readOffsetPage(sql: PostgresSql, window: Window): Promise<FoundRow[]> {
  const { offset, limit } = window;
  return sql<FoundRow[]>`
    WITH prefixes AS (
      SELECT prefix, coalesce(lead(prefix) OVER (ORDER BY prefix), prefix || chr(1114111)) AS next,
        sum(users) OVER (ORDER BY prefix) - users AS before
      FROM directory.last_name_prefixes
    ), prefix AS MATERIALIZED (
      SELECT prefix, next, before FROM prefixes WHERE before <= ${offset} ORDER BY before DESC LIMIT 1
    ), names AS (
      SELECT name, prefix.before + sum(users) OVER (ORDER BY name) - users AS before
      FROM prefix, directory.last_names WHERE name >= prefix.prefix AND name < prefix.next
    ), start AS MATERIALIZED (
      SELECT name, before FROM names WHERE before <= ${offset} ORDER BY before DESC LIMIT 1
    )
    SELECT page.last_key, page.first_key, found.*
    FROM (
      SELECT last_key, first_key, id FROM directory.users WHERE last_key >= (SELECT name FROM start)
      ORDER BY last_key, first_key, id
      OFFSET ${offset}::bigint - (SELECT before FROM start)::bigint LIMIT ${limit}
    ) AS page
    ${joinUsers(sql)}
    ORDER BY page.last_key, page.first_key, page.id`;
}

/** Reads the users of a window from `positions`, a query of their positions alone. */
async function readUsers(sql: PostgresSql, positions: Fragment, window: Window): Promise<FoundRow[]> {
  const { order, direction } = windowSql(sql, window);
  return sql<FoundRow[]>`
    SELECT page.last_key, page.first_key, found.*
    FROM (${positions} ORDER BY ${order} OFFSET ${window.offset} LIMIT ${window.limit}) AS page
    ${joinUsers(sql)}
    ORDER BY page.last_key ${direction}, page.first_key ${direction}, page.id ${direction}`;
}

/** Adds the columns of the users to a page of positions, by id. */
function joinUsers(sql: PostgresSql) {
  return sql`
    CROSS JOIN LATERAL (
      SELECT id, first_name, last_name, email, bio, version FROM directory.users WHERE id = page.id LIMIT 1
    ) AS found`;
}

function andAll(sql: PostgresSql, conditions: Fragment[]) {
  return conditions.reduce((all, condition) => sql`${all} AND ${condition}`, sql``);
}

/** The parts of a query that depend on the window alone. */
function windowSql(sql: PostgresSql, { after, backward, offset, limit }: Window) {
  const direction = backward ? sql`DESC` : sql`ASC`;
  const row = after && sql`(${after.last}, ${after.first}, ${after.id}::bigint)`;
  const compared = backward ? sql`<` : sql`>`;
  return {
    depth: offset + limit,
    direction,
    order: sql`last_key ${direction}, first_key ${direction}, id ${direction}`,
    afterCursor: row ? sql`AND (last_key, first_key, id) ${compared} ${row}` : sql``,
  };
}
