import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { TypedQueryBuilder } from "drizzle-orm/query-builders/query-builder";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { and, sql, unionAll } from "../database/drizzle.ts";
import { posts } from "../database/schema.ts";
import {
  atOrNewerThan,
  draftsAfter,
  newestFirst,
  olderThan,
  type PageRange,
  type Position,
  positionColumns,
  publishedAfter,
} from "./page-queries.ts";
import { visibleTo } from "./visible-posts.ts";

/** The result of a search by the index on titles. */
export interface SearchMatches {
  /** The number of candidates, which have the n-grams of the text; more than `maxRead` when not all were read. */
  read: number;
  /** The number of candidates that contain the text and are in the range. */
  matches: number;
  /** The matches on the requested page. */
  found: Position[];
}

const titled = { ...positionColumns, title: posts.title };
/** The columns of a candidate that later conditions need. */
const candidate = { ...titled, published: posts.published, ownerId: posts.ownerId, removedAt: posts.removedAt };
type Candidates = TypedQueryBuilder<typeof candidate>;
type CandidateColumns = Record<keyof typeof candidate, PgColumn>;

/** Matches titles that contain the text, compared by their normalized keys. `%`, `_` and `\` have no special meaning. */
function contains(title: unknown, text: string): SQL {
  return sql`strpos(social.title_key(${title}), social.title_key(${text})) > 0`;
}

/** Matches titles that have all n-grams of the text, by the index. A match is only a candidate: the text itself may be absent. */
function hasGrams(text: string): SQL {
  return sql`social.title_grams(${posts.title}) @> social.search_grams(${text})`;
}

/**
 * Queries for the search in titles. Each statement reads a bounded number of posts whatever the text is, because the LIMIT applies
 * where posts are read, before the conditions on them.
 */
export function postSearchQueries(db: Database) {
  /** The first `maxRows` posts visible to the viewer after the position, newest first. */
  const visible = ({ viewer, after }: Pick<PageRange, "viewer" | "after">, maxRows: number) => {
    const published = db.select(titled).from(posts).where(publishedAfter(viewer, after));
    const drafts = db.select(titled).from(posts).where(draftsAfter(viewer, after));
    const halves = unionAll(
      published.orderBy(...newestFirst(posts)).limit(maxRows),
      drafts.orderBy(...newestFirst(posts)).limit(maxRows),
    ).as("visible");
    const ordered = db.select().from(halves);
    return ordered.orderBy(...newestFirst(halves)).limit(maxRows);
  };

  /** Reads the `maxRows` newest posts in order until a page of matches is full. */
  const searchNewest = ({ limit, skip, ...seen }: PageRange, text: string, maxRows: number) => {
    const newest = visible(seen, maxRows).as("newest");
    const found = db.select({ id: newest.id, listedAt: newest.listedAt }).from(newest);
    const matching = found.where(contains(newest.title, text)).orderBy(...newestFirst(newest));
    return matching.limit(limit).offset(skip);
  };

  /**
   * One page of the candidates that match a condition, with counts. Each CTE is referenced twice, so Postgres materializes it
   * and computes it once.
   */
  const pageOf = (
    read: Candidates,
    maxRead: number,
    condition: (columns: CandidateColumns) => SQL | undefined,
    { limit, skip }: PageRange,
  ) => {
    const candidates = db.$with("candidates").as(read);
    const isComplete = sql`(select count(*) from ${candidates}) <= ${maxRead}`;
    const selected = db.select({ id: candidates.id, listedAt: candidates.listedAt }).from(candidates);
    const matches = db.$with("matches").as(selected.where(and(isComplete, condition(candidates))));
    const onPage = <T extends SQL>(value: T) => {
      const ordered = db.select({ value }).from(matches);
      return ordered
        .orderBy(...newestFirst(matches))
        .limit(limit)
        .offset(skip);
    };
    const toNumbers = (values: string[]) => values.map(Number);
    const found = {
      read: sql<number>`(select count(*)::int from ${candidates})`,
      matches: sql<number>`(select count(*)::int from ${matches})`,
      ids: sql`array(${onPage(sql`${matches.id}`)})`.mapWith(toNumbers),
      times: sql`array(${onPage(sql`(extract(epoch from ${matches.listedAt}) * 1000)::bigint`)})`.mapWith(toNumbers),
    };
    return db.with(candidates, matches).select(found).from(sql`(values (1)) one`);
  };

  /** Reads at most `maxRead` + 1 candidates from the index on titles. */
  const searchAll = (range: PageRange, text: string, maxRead: number) => {
    const read = db.select(candidate).from(posts).where(hasGrams(text));
    const { viewer, after } = range;
    return pageOf(
      read.limit(maxRead + 1),
      maxRead,
      (of) => and(contains(of.title, text), visibleTo(viewer, of), olderThan(after, of)),
      range,
    );
  };

  /** The same for the posts at `until` or before it, for published posts and drafts separately. */
  const searchRange = (range: PageRange, until: Position | undefined, text: string, maxRead: number) => {
    const { viewer, after } = range;
    const half = (visiblePosts: SQL | undefined) => {
      const read = db.select(candidate).from(posts);
      return read.where(and(visiblePosts, atOrNewerThan(until), hasGrams(text))).limit(maxRead + 1);
    };
    const read = unionAll(half(publishedAfter(viewer, after)), half(draftsAfter(viewer, after)));
    return pageOf(read, maxRead, (of) => contains(of.title, text), range);
  };

  return {
    /** One page of the matches among the `maxRows` newest posts of the range. */
    async searchNewest(range: PageRange, text: string, maxRows: number): Promise<Position[]> {
      return unwrapDriverError(searchNewest(range, text, maxRows));
    },
    /** The matches among all posts. When there are more than `maxRead` candidates, only `read` is meaningful. */
    async searchAll(range: PageRange, text: string, maxRead: number): Promise<SearchMatches> {
      return toMatches(await unwrapDriverError(searchAll(range, text, maxRead)));
    },
    /** The matches among the posts of the range at `until` or before it; `undefined` means to the end of the list. */
    async searchRange(
      range: PageRange,
      until: Position | undefined,
      text: string,
      maxRead: number,
    ): Promise<SearchMatches> {
      return toMatches(await unwrapDriverError(searchRange(range, until, text, maxRead)));
    },
    /** The position of the `size`th post of the range; `undefined` when there are fewer. */
    async positionAfter(seen: Pick<PageRange, "viewer" | "after">, size: number): Promise<Position | undefined> {
      const upTo = visible(seen, size).as("range");
      const last = db.select({ id: upTo.id, listedAt: upTo.listedAt }).from(upTo);
      return (
        await unwrapDriverError(
          last
            .orderBy(...newestFirst(upTo))
            .limit(1)
            .offset(size - 1),
        )
      )[0];
    },
    /** The statements themselves, for tests that check their plans. */
    statements: { searchNewest, searchAll, searchRange },
  };
}

interface MatchesRow {
  read: number;
  matches: number;
  ids: number[];
  /** When each of them is listed, in ms since 1970. */
  times: number[];
}

function toMatches(rows: MatchesRow[]): SearchMatches {
  const { read, matches, ids, times } = rows[0]!;
  return { read, matches, found: ids.map((id, i) => ({ id, listedAt: new Date(times[i]!) })) };
}
