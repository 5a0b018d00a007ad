import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { TypedQueryBuilder } from "drizzle-orm/query-builders/query-builder";
import { answerOf, type Database } from "./database.ts";
import { and, inArray, sql, unionAll } from "./drizzle.ts";
import {
  draftsOf,
  newestFirst,
  notOlderThan,
  olderThan,
  type Position,
  position,
  postsOf,
  publishedPosts,
  type Stretch,
} from "./post-page-queries.ts";
import { type PostWithOwner, visibleTo } from "./post-queries.ts";
import { posts } from "./schema.ts";

/** What became of looking for a text among posts that were read by the n-grams of their titles. */
export interface Found {
  /** How many posts have the n-grams; more than `maxRead` when only some of them were read. */
  read: number;
  /** How many of those read contain the text and are in the stretch. */
  matches: number;
  /** The ids of those in the stretch's page. */
  ids: number[];
}

const titled = { ...position, title: posts.title };
/** What each candidate needs for all that is asked of it after it was read. */
const candidate = { ...titled, published: posts.published, ownerId: posts.ownerId };
type Candidates = TypedQueryBuilder<typeof candidate>;
type CandidateColumns = Record<keyof typeof candidate, PgColumn>;

/** Whether a title contains the text, compared by their keys: `%`, `_` and `\` are signs as any other. */
function contains(title: unknown, text: string): SQL {
  return sql`strpos(social.title_key(${title}), social.title_key(${text})) > 0`;
}

/** Whether a title has n-grams that every title has which contains the text: what the index on titles can tell. */
function hasGrams(text: string): SQL {
  return sql`social.title_grams(${posts.title}) @> social.search_grams(${text})`;
}

/**
 * Search in titles. Each statement reads a bounded number of posts, whatever the text is: the LIMIT stands where they are read, not
 * behind what is asked of them.
 */
export function postSearchQueries(db: Database) {
  /** What the viewer sees after the position, newest first, as far as `reach`. */
  const visible = ({ viewer, after }: Pick<Stretch, "viewer" | "after">, reach: number) => {
    const published = db.select(titled).from(posts).where(publishedPosts(after));
    const drafts = db.select(titled).from(posts).where(draftsOf(viewer, after));
    const halves = unionAll(
      published.orderBy(...newestFirst(posts)).limit(reach),
      drafts.orderBy(...newestFirst(posts)).limit(reach),
    ).as("visible");
    const ordered = db.select().from(halves);
    return ordered.orderBy(...newestFirst(halves)).limit(reach);
  };

  /** Reads the `reach` newest posts in order until enough of their titles match. */
  const amongNewest = ({ limit, skip, ...seen }: Stretch, text: string, reach: number) => {
    const newest = visible(seen, reach).as("newest");
    const found = db.select({ id: newest.id, createdAt: newest.createdAt }).from(newest);
    const matching = found.where(contains(newest.title, text)).orderBy(...newestFirst(newest));
    return postsOf(db, matching.limit(limit).offset(skip).as("page"));
  };

  /** One page of those candidates that meet a condition, and how many there are. Referred to twice, each part is computed once. */
  const pageOf = (
    read: Candidates,
    maxRead: number,
    meets: (of: CandidateColumns) => SQL | undefined,
    { limit, skip }: Stretch,
  ) => {
    const candidates = db.$with("candidates").as(read);
    const isWhole = sql`(select count(*) from ${candidates}) <= ${maxRead}`;
    const meeting = db.select({ id: candidates.id, createdAt: candidates.createdAt }).from(candidates);
    const matches = db.$with("matches").as(meeting.where(and(isWhole, meets(candidates))));
    const ordered = db
      .select({ id: matches.id })
      .from(matches)
      .orderBy(...newestFirst(matches));
    const found = {
      read: sql<number>`(select count(*)::int from ${candidates})`,
      matches: sql<number>`(select count(*)::int from ${matches})`,
      ids: sql`array(${ordered.limit(limit).offset(skip)})`.mapWith((ids: string[]) => ids.map(Number)),
    };
    return db.with(candidates, matches).select(found).from(sql`(values (1)) one`);
  };

  /** Asks the index on titles, for at most one more than `maxRead`. */
  const amongAll = (stretch: Stretch, text: string, maxRead: number) => {
    const read = db.select(candidate).from(posts).where(hasGrams(text));
    const { viewer, after } = stretch;
    return pageOf(
      read.limit(maxRead + 1),
      maxRead,
      (of) => and(contains(of.title, text), visibleTo(viewer, of), olderThan(after, of)),
      stretch,
    );
  };

  /** The same among the posts from `until` on, in each half of what the viewer sees. */
  const amongRange = (stretch: Stretch, until: Position | undefined, text: string, maxRead: number) => {
    const { viewer, after } = stretch;
    const half = (seen: SQL | undefined) => {
      const read = db.select(candidate).from(posts);
      return read.where(and(seen, notOlderThan(until), hasGrams(text))).limit(maxRead + 1);
    };
    const read = unionAll(half(publishedPosts(after)), half(draftsOf(viewer, after)));
    return pageOf(read, maxRead, (of) => contains(of.title, text), stretch);
  };

  return {
    /** One page of the matching among the `reach` newest posts of the stretch. */
    async amongNewest(stretch: Stretch, text: string, reach: number): Promise<PostWithOwner[]> {
      return answerOf(amongNewest(stretch, text, reach));
    },
    /** What matches among all posts; when more than `maxRead` have the text's n-grams, nothing is known but that. */
    async amongAll(stretch: Stretch, text: string, maxRead: number): Promise<Found> {
      return (await answerOf(amongAll(stretch, text, maxRead)))[0]!;
    },
    /** The same among those from `until` on, or among all that are left. */
    async amongRange(stretch: Stretch, until: Position | undefined, text: string, maxRead: number): Promise<Found> {
      return (await answerOf(amongRange(stretch, until, text, maxRead)))[0]!;
    },
    /** Where the `size`th post of the stretch stands; `undefined` when there are fewer. */
    async positionAfter(seen: Pick<Stretch, "viewer" | "after">, size: number): Promise<Position | undefined> {
      const upTo = visible(seen, size).as("range");
      const last = db.select({ id: upTo.id, createdAt: upTo.createdAt }).from(upTo);
      return (
        await answerOf(
          last
            .orderBy(...newestFirst(upTo))
            .limit(1)
            .offset(size - 1),
        )
      )[0];
    },
    /** Those posts with their owners, as far as the viewer sees them, newest first. */
    async byIds(ids: number[], viewer: number): Promise<PostWithOwner[]> {
      if (ids.length === 0) return [];
      const page = db
        .select(position)
        .from(posts)
        .where(and(inArray(posts.id, ids), visibleTo(viewer)));
      return answerOf(postsOf(db, page.as("page")));
    },
    /** The statements as they are sent, for whoever asks the planner about them. */
    statements: { amongNewest, amongAll, amongRange },
  };
}
