import type { PostgresSql } from "@quintet/db";
import { countUsers, readNameClasses, readWords, type Word } from "./name-classes.ts";
import { planSearch } from "./search-plan.ts";
import { countCrossings, type FoundRow, readEverybody, readShares, type Window } from "./search-queries.ts";
import { type Position, toUser, type User } from "./user.ts";

/** Which page is wanted: by its number from 1, or from a position on, in one of the two directions. */
export type PageWanted = { page: number } | { from: Position; backward: boolean };

export interface Found {
  users: User[];
  total: number;
  /** False when `total` has an estimate in it: see docs/decisions/name-search.md. */
  totalIsExact: boolean;
  /** The last user here, when others follow; the first one, when others come before. */
  next: Position | null;
  previous: Position | null;
}

/** Finds users by words, each of which stands in the first or the last name; all users when there is none. */
export async function searchUsers(
  sql: PostgresSql,
  search: { words: string[]; limit: number; wanted: PageWanted },
): Promise<Found> {
  const { limit, wanted } = search;
  const window: Window =
    "page" in wanted
      ? { after: undefined, backward: false, offset: (wanted.page - 1) * limit, limit: limit + 1 }
      : { after: wanted.from, backward: wanted.backward, offset: 0, limit: limit + 1 };
  const words = search.words.length > 0 ? await readWords(sql, search.words) : [];
  const { rows, total, isExact } = await (words.length > 0 ? readMatching(sql, words, window) : readAll(sql, window));
  const hasMore = rows.length > limit;
  const shown = rows.slice(0, limit);
  if (window.backward) shown.reverse();
  const before = "page" in wanted ? wanted.page > 1 : window.backward ? hasMore : true;
  const after = window.backward ? true : hasMore;
  return {
    users: shown.map(toUser),
    total,
    totalIsExact: isExact,
    next: after ? positionOf(shown.at(-1)) : null,
    previous: before ? positionOf(shown[0]) : null,
  };
}

interface Rows {
  rows: FoundRow[];
  total: number;
  isExact: boolean;
}

async function readAll(sql: PostgresSql, window: Window): Promise<Rows> {
  const [rows, total] = await Promise.all([readEverybody(sql, window), countUsers(sql)]);
  return { rows, total, isExact: true };
}

async function readMatching(sql: PostgresSql, words: Word[], window: Window): Promise<Rows> {
  const [last, first, users] = await Promise.all([
    readNameClasses(sql, "last", words),
    readNameClasses(sql, "first", words),
    countUsers(sql),
  ]);
  const full = (1 << words.length) - 1;
  const plan = planSearch({ last, first, users, full }, window.offset + window.limit);
  const [rows, counts] = await Promise.all([
    window.offset < plan.most ? readShares(sql, words, plan.shares, window) : [],
    countCrossings(
      sql,
      words,
      plan.counted.map(({ crossing }) => crossing),
    ),
  ]);
  const total = plan.counted.reduce((sum, { sign }, i) => sum + sign * (counts[i] ?? 0), plan.base);
  return { rows, total: Math.round(total), isExact: plan.isExact };
}

function positionOf(row: FoundRow | undefined): Position | null {
  return row ? { last: row.last_key, first: row.first_key, id: Number(row.id) } : null;
}
