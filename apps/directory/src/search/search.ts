import type { PostgresSql } from "@quintet/db";
import { Problem } from "@quintet/http";
import { endPosition, type Position, type Span, toUser, type User } from "../users/user.ts";
import { countUsers, readNameClasses, readWords, type Word } from "./name-classes.ts";
import { readMatchRatio } from "./sample-queries.ts";
import { planPage, planScan, planSearch, rarestFirst, type SearchPlan } from "./search-plan.ts";
import { type FoundRow, readAllUsers, readByNames, readByScan, type Window } from "./search-queries.ts";
import { estimateTotal, isEstimable, readTotal, type Total } from "./totals.ts";

/** Where a page starts: at a page number, from 1, or at a position, in a direction. */
export type PageStart = { page: number } | { from: Position; backward: boolean };

export interface SearchResult {
  /** The keys of the searched words. */
  words: string[];
  users: User[];
  /** The range of the page in the order; undefined for an empty page. */
  span: Span | undefined;
  total: number;
  /** False when `total` is an estimate: see docs/decisions/name-search.md. */
  totalIsExact: boolean;
  /** The positions from which the next and the previous page start; null when there is none. */
  next: Position | null;
  previous: Position | null;
}

/** Words are common when this ratio of the first `probeRows` sampled users match. */
const probeRows = 1000;
const commonRatio = 0.05;

/** The max number of rows that a numbered page may read, times the number of words. */
const maxComparisons = 2_000_000;

/**
 * Finds the users whose first or last name contains each word; all users when there is no word. Throws `bad-request` for a
 * numbered page that is too deep to be read at a bounded cost.
 */
export async function searchUsers(
  sql: PostgresSql,
  search: { words: string[]; limit: number; start: PageStart },
): Promise<SearchResult> {
  const { limit, start } = search;
  const window = windowOf(start, limit);
  const [words, all] = await Promise.all([readWords(sql, search.words), countUsers(sql)]);
  const { rows, total, isExact } =
    words.length > 0
      ? await readMatching(sql, words, window, all)
      : { rows: await readAllUsers(sql, window), total: all, isExact: true };
  const found = { words: words.map((word) => word.key), total, totalIsExact: isExact };
  if (rows.length === 0 && window.backward) {
    // No users are left before that position, so this is the first page now.
    return searchUsers(sql, { ...search, start: { page: 1 } });
  }
  if (rows.length === 0)
    return { ...found, users: [], span: undefined, next: null, previous: total > 0 ? positionBefore(start) : null };
  const hasMore = rows.length > limit;
  const shown = rows.slice(0, limit);
  if (window.backward) shown.reverse();
  const before = "page" in start ? start.page > 1 : window.backward ? hasMore : true;
  const after = window.backward ? true : hasMore;
  return {
    ...found,
    users: shown.map(toUser),
    span: spanOf(start, shown),
    next: after ? positionOf(shown.at(-1)) : null,
    previous: before ? positionOf(shown[0]) : null,
  };
}

/** The first `limit` matches of a search by at least one word. */
export async function findFirst(sql: PostgresSql, words: Word[], limit: number): Promise<User[]> {
  const window = windowOf({ page: 1 }, limit);
  const users = await countUsers(sql);
  const plan = await readPlan(sql, words, users);
  return (await readRows(sql, words, plan, users, window)).slice(0, limit).map(toUser);
}

interface MatchedRows extends Total {
  rows: FoundRow[];
}

async function readMatching(sql: PostgresSql, words: Word[], window: Window, users: number): Promise<MatchedRows> {
  // Names are read in parallel with the sample, unless all words are single letters, for which the sample probably suffices.
  const mayBeRare = words.some((word) => word.key.length > 1);
  const early = mayBeRare ? readPlan(sql, words, users) : undefined;
  early?.catch(() => {}); // Its result may not be needed.
  const { rows, ...total } =
    (await readCommon(sql, words, window, users)) ??
    (await readRare(sql, words, window, users, await (early ?? readPlan(sql, words, users))));
  // The last numbered page gives the exact total.
  const isLast = window.after === undefined && rows.length < window.limit && (rows.length > 0 || window.offset === 0);
  return isLast ? { rows, total: window.offset + rows.length, isExact: true } : { rows, ...total };
}

/**
 * Reads a search for short words that a large part of all users have, without reading the names, which can be as many as the
 * users. Undefined when fewer users match than expected.
 */
async function readCommon(
  sql: PostgresSql,
  words: Word[],
  window: Window,
  users: number,
): Promise<MatchedRows | undefined> {
  if (words.some((word) => word.hasTrigram)) return undefined;
  const density = await readMatchRatio(sql, words, probeRows);
  const expected = density * users;
  if (density < commonRatio || !isEstimable(expected) || window.offset > 2 * expected) return undefined;
  const { scanRows, cost } = planScan(expected, users, window.offset + window.limit);
  rejectTooDeep(window, cost, words);
  const [rows, { total, mayBeFew }] = await Promise.all([
    readByScan(sql, words, window, scanRows),
    estimateTotal(sql, words, users),
  ]);
  const isWhole = rows.length === window.limit || scanRows >= users;
  return isWhole && !mayBeFew ? { rows, total, isExact: false } : undefined;
}

async function readRare(
  sql: PostgresSql,
  words: Word[],
  window: Window,
  users: number,
  plan: SearchPlan,
): Promise<MatchedRows> {
  const [rows, total] = await Promise.all([
    readRows(sql, words, plan, users, window),
    readTotal(sql, words, plan, users),
  ]);
  return { rows, ...total };
}

async function readPlan(sql: PostgresSql, words: Word[], users: number): Promise<SearchPlan> {
  const [last, first] = await Promise.all([readNameClasses(sql, "last", words), readNameClasses(sql, "first", words)]);
  return planSearch({ last, first, users, full: (1 << words.length) - 1 });
}

async function readRows(
  sql: PostgresSql,
  words: Word[],
  plan: SearchPlan,
  users: number,
  window: Window,
): Promise<FoundRow[]> {
  if (window.offset >= plan.upperBound) return [];
  const { scanRows, cost } = planPage(plan, users, window.offset + window.limit);
  rejectTooDeep(window, cost, words);
  if (scanRows !== undefined) {
    const rows = await readByScan(sql, rarestFirst(words, plan), window, scanRows);
    if (rows.length === window.limit || scanRows >= users) return rows;
  }
  return readByNames(sql, words, plan, window);
}

function windowOf(start: PageStart, limit: number): Window {
  if ("page" in start) {
    return { after: undefined, backward: false, offset: (start.page - 1) * limit, limit: limit + 1 };
  }
  return { after: start.from, backward: start.backward, offset: 0, limit: limit + 1 };
}

/** A numbered page spans its first to its last user; a page by cursor starts or ends next to the cursor's position. */
function spanOf(start: PageStart, shown: FoundRow[]): Span | undefined {
  const from = positionOf(shown[0]);
  const to = positionOf(shown.at(-1));
  if (!from || !to) return undefined;
  if ("page" in start) return { from, to };
  const { id } = start.from;
  return start.backward ? { from, to: { ...start.from, id: id - 1 } } : { from: { ...start.from, id: id + 1 }, to };
}

function positionOf(row: FoundRow | undefined): Position | null {
  return row ? { last: row.last_key, first: row.first_key, id: Number(row.id) } : null;
}

/** For an empty page, the position from which reading backward returns the users before it. */
function positionBefore(start: PageStart): Position | null {
  if ("page" in start) return start.page > 1 ? endPosition : null;
  return { ...start.from, id: start.from.id + 1 };
}

function rejectTooDeep({ offset }: Window, rows: number, words: Word[]): void {
  if (offset === 0 || rows * words.length <= maxComparisons) return;
  const message = "is too deep for a search of several common words; use nextCursor or other words";
  throw new Problem("bad-request", `page: ${message}`, { errors: [{ path: "page", message }] });
}
