import type { PostgresSql } from "@quintet/db";
import { contains, isOfClass, type NameClass, type NamePart, nameTables, type Word } from "./name-classes.ts";
import type { Crossing, Share } from "./search-plan.ts";
import type { Position, UserRow } from "./user.ts";

/** Which rows of a search are read. `backward` reads towards the beginning; the rows still come in that order. */
export interface Window {
  after: Position | undefined;
  backward: boolean;
  offset: number;
  limit: number;
}

/** A found user with its place in the order. */
export interface FoundRow extends UserRow {
  last_key: string;
  first_key: string;
}

/** Reads a window of the users that the shares make up together; each user once. */
export async function readShares(
  sql: PostgresSql,
  words: Word[],
  shares: Share[],
  window: Window,
): Promise<FoundRow[]> {
  if (shares.length === 0) return [];
  const fragments = fragmentsOf(sql, words, window);
  const all = shares.map((share) => sql`(${fragments.share(share)})`).reduce((a, b) => sql`${a} UNION ${b}`);
  return sql<FoundRow[]>`
    SELECT page.last_key, page.first_key, found.*
    FROM (SELECT * FROM (${all}) AS shares ORDER BY ${fragments.order} OFFSET ${window.offset} LIMIT ${window.limit}) AS page
    ${wholeUsers(sql)}
    ORDER BY ${fragments.pageOrder}`;
}

/**
 * Reads a window of all users. A far offset is reached by the counts of names: only the last name it falls in is read. An
 * empty directory is not walked through, because a bulk load may just be filling it with rows that are not committed yet.
 */
export async function readEverybody(sql: PostgresSql, window: Window): Promise<FoundRow[]> {
  if (window.offset > 0) return readFarPage(sql, window);
  const { order, pageOrder, beyond } = fragmentsOf(sql, [], window);
  return sql<FoundRow[]>`
    SELECT page.last_key, page.first_key, found.*
    FROM (
      SELECT last_key, first_key, id FROM directory.users
      WHERE EXISTS (SELECT FROM directory.last_name_prefixes) ${beyond} ORDER BY ${order} LIMIT ${window.limit}
    ) AS page
    ${wholeUsers(sql)}
    ORDER BY ${pageOrder}`;
}

/** How many users each crossing has. */
export async function countCrossings(sql: PostgresSql, words: Word[], crossings: Crossing[]): Promise<number[]> {
  if (crossings.length === 0) return [];
  const counts = crossings.map(({ last, first }) => {
    const byLast = last.users <= first.users;
    const lastRule = byLast
      ? sql`last_key IN ${namesOf(sql, "last", words, last)}`
      : isOfClass(sql, sql`last_key`, words, last.mask);
    const firstRule = byLast
      ? isOfClass(sql, sql`first_key`, words, first.mask)
      : sql`first_key IN ${namesOf(sql, "first", words, first)}`;
    return sql`(SELECT count(*) FROM directory.users WHERE ${lastRule} AND ${firstRule})`;
  });
  const [row] = await sql<{ counts: string[] }[]>`
    SELECT ARRAY[${counts.reduce((a, b) => sql`${a}, ${b}`)}] AS counts`;
  return (row?.counts ?? []).map(Number);
}

async function readFarPage(sql: PostgresSql, { offset, limit }: Window): Promise<FoundRow[]> {
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
    ${wholeUsers(sql)}
    ORDER BY page.last_key, page.first_key, page.id`;
}

/** The users of a page that is narrow so far, each by its id. */
function wholeUsers(sql: PostgresSql) {
  return sql`
    CROSS JOIN LATERAL (
      SELECT id, first_name, last_name, email, bio, version FROM directory.users WHERE id = page.id LIMIT 1
    ) AS found`;
}

/** The names of a class as something that IN takes. */
function namesOf(sql: PostgresSql, part: NamePart, words: Word[], { list, mask }: NameClass) {
  if (list) return sql`(SELECT unnest(${list}::text[]) COLLATE "C")`;
  return sql`(SELECT name FROM ${sql(nameTables[part])} WHERE ${isOfClass(sql, sql`name`, words, mask)})`;
}

/** The pieces of SQL that depend on the window. Nested loops are forced by LIMIT: one index look-up per name. */
function fragmentsOf(sql: PostgresSql, words: Word[], { after, backward, offset, limit }: Window) {
  const depth = offset + limit;
  const down = backward ? sql`DESC` : sql`ASC`;
  const order = sql`last_key ${down}, first_key ${down}, id ${down}`;
  const pageOrder = sql`page.last_key ${down}, page.first_key ${down}, page.id ${down}`;
  const row = after && sql`(${after.last}, ${after.first}, ${after.id}::bigint)`;
  const beyond = row
    ? backward
      ? sql`AND (last_key, first_key, id) < ${row}`
      : sql`AND (last_key, first_key, id) > ${row}`
    : sql``;
  // Said once more for the first column alone, the bound serves an index in which first names come first.
  const lastBound = after
    ? backward
      ? sql`AND last_key <= ${after.last}`
      : sql`AND last_key >= ${after.last}`
    : sql``;
  const nameBound = after ? (backward ? sql`AND name <= ${after.last}` : sql`AND name >= ${after.last}`) : sql``;
  const rule = (column: "last_key" | "first_key", mask: number) => isOfClass(sql, sql`${sql(column)}`, words, mask);

  const share = (one: Share) => {
    if (one.by === "walk-all") {
      const each = words.map(
        (word) => sql`(${contains(sql, sql`last_key`, word)} OR ${contains(sql, sql`first_key`, word)})`,
      );
      return sql`
        SELECT last_key, first_key, id FROM directory.users
        WHERE ${each.reduce((a, b) => sql`${a} AND ${b}`)} ${beyond} ORDER BY ${order} LIMIT ${depth}`;
    }
    if (one.by === "walk") {
      return sql`
        SELECT last_key, first_key, id FROM directory.users
        WHERE ${rule("first_key", one.first.mask)} ${one.last ? sql`AND ${rule("last_key", one.last.mask)}` : sql``} ${beyond}
        ORDER BY ${order} LIMIT ${depth}`;
    }
    if (one.by === "last-names") {
      // Every name has a user at least, but for the one that the page begins in.
      const enough = one.first ? sql`` : sql`LIMIT ${depth + 1}`;
      return sql`
        SELECT each.last_key, each.first_key, each.id
        FROM (
          SELECT name FROM ${named(one.last, "last")} AS names WHERE true ${nameBound} ORDER BY name ${down} ${enough}
        ) AS names
        CROSS JOIN LATERAL (
          SELECT last_key, first_key, id FROM directory.users
          WHERE last_key = names.name ${one.first ? sql`AND ${rule("first_key", one.first.mask)}` : sql``} ${beyond}
          ORDER BY first_key ${down}, id ${down} LIMIT ${depth}
        ) AS each
        ORDER BY names.name ${down}, each.first_key ${down}, each.id ${down} LIMIT ${depth}`;
    }
    return sql`
      SELECT each.last_key, each.first_key, each.id
      FROM ${named(one.first, "first")} AS names
      CROSS JOIN LATERAL (
        SELECT last_key, first_key, id FROM directory.users
        WHERE first_key = names.name ${one.last ? sql`AND ${rule("last_key", one.last.mask)}` : sql``} ${lastBound} ${beyond}
        ORDER BY last_key ${down}, id ${down} LIMIT ${depth}
      ) AS each
      ORDER BY ${order} LIMIT ${depth}`;
  };
  const named = ({ list, mask }: NameClass, part: NamePart) =>
    list
      ? sql`(SELECT name COLLATE "C" AS name FROM unnest(${list}::text[]) AS name)`
      : sql`(SELECT name FROM ${sql(nameTables[part])} WHERE ${isOfClass(sql, sql`name`, words, mask)})`;
  return { share, order, pageOrder, beyond };
}
