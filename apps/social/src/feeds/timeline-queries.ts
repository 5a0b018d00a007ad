import type { SQL } from "drizzle-orm";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { and, eq, sql } from "../database/drizzle.ts";
import { posts, profiles } from "../database/schema.ts";
import { positionTuple } from "../posts/page-queries.ts";
import { notHidden, profileVisibleTo } from "../visibility/not-hidden.ts";
import type { FeedRange, FeedSource, FoundInFeed } from "./feed-page.ts";

const { placeholder } = sql;
const viewer = sql`${placeholder("viewer")}::bigint`;
const limit = sql`${placeholder("limit")}::int`;
const from = positionTuple({ listedAt: placeholder("fromTime"), id: placeholder("fromId") });

/** How a range is read: from the newest post, or from a position in one of two directions. */
const orders = {
  newest: { by: sql`listed_at desc, id desc`, after: sql`` },
  older: { by: sql`listed_at desc, id desc`, after: sql`and (listed_at, id) < ${from}` },
  newer: {
    by: sql`listed_at, id`,
    after: sql`and (listed_at, id) > ${from} and listed_at < (select social.settled_at())`,
  },
} as const;

type OrderName = keyof typeof orders;

/** What the rows of a statement are. */
const kinds = { found: 0, stoppedAt: 1, settledAt: 2, skipped: 3 } as const;

const kind = (name: keyof typeof kinds) => sql.raw(String(kinds[name]));

/** A feed that is read from its newest post says which posts are settled. */
const settledIf = (order: OrderName) =>
  order === "newest" ? sql`union all select ${kind("settledAt")}, 0, social.settled_at()` : sql``;

/** Rows of which one is read after the other until `limit` are found, at most `max`. */
interface Scan {
  /** `from` and `where` of a query with the columns `listed_at`, `id` and `owner_id`, of published posts only. */
  rows: SQL;
  /** Which of the rows `e` the viewer sees in this feed. */
  isSeen: SQL;
  max: SQL;
  /** Nothing is read where this is false, and a row says so. */
  when?: SQL;
}

/**
 * The statement for a range: reads rows in the order of an index until it has found `limit` posts or examined `max`. In the latter case, it
 * has the last one examined. As the order is that of the subquery, Postgres stops reading when it has enough.
 */
function scan({ rows, isSeen, max, when }: Scan, order: OrderName): SQL {
  const { by, after } = orders[order];
  const examined = (columns: SQL) => sql`select ${columns} ${rows} ${after} order by ${by}`;
  const skipped = when && sql`union all select ${kind("skipped")}, 0, null where not (${when})`;
  return sql`
    with found as materialized (
      select id, listed_at from (${examined(sql`id, listed_at, owner_id`)} limit ${max}) e
      where ${when ?? sql`true`} and ${isSeen} order by ${by} limit ${limit})
    select ${kind("found")} as kind, id, listed_at from found
    union all
    select ${kind("stoppedAt")}, id, listed_at from (${examined(sql`id, listed_at`)} offset ${max} - 1 limit 1) e
    where (select count(*) from found) < ${limit} and ${when ?? sql`true`}
    ${skipped ?? sql``} ${settledIf(order)}`;
}

/** Runs a statement for each order. */
function rangeReader(db: Database, name: string, statement: (order: OrderName) => SQL) {
  const prepare = (order: OrderName) =>
    db
      .select({
        kind: sql<number>`kind`,
        id: sql<number>`id`.mapWith(Number),
        listedAt: sql<Date>`listed_at`.mapWith(posts.listedAt),
      })
      .from(sql`(${statement(order)}) read`)
      .prepare(`social_${name}_${order}`);
  const statements = { newest: prepare("newest"), older: prepare("older"), newer: prepare("newer") };
  const read = async (
    { direction, from, limit, viewer }: FeedRange,
    values: Record<string, number | string> = {},
  ): Promise<FoundInFeed & { isSkipped: boolean }> => {
    const order = from ? direction : "newest";
    const position = from && { fromTime: from.listedAt, fromId: from.id };
    const rows = await unwrapDriverError(statements[order].execute({ viewer, limit, ...position, ...values }));
    const one = (wanted: number) => rows.find((row) => row.kind === wanted);
    const found = rows.filter((row) => row.kind === kinds.found);
    return {
      found,
      stoppedAt: one(kinds.stoppedAt),
      settledAt: one(kinds.settledAt)?.listedAt,
      isSkipped: one(kinds.skipped) !== undefined,
    };
  };
  return { read, statements };
}

/** How many posts a request for a page examines at most. */
export interface FeedBounds {
  /** In the feeds of all, of a person and of a tag. */
  examined: number;
  /** Of the newest posts of all, for a home feed. */
  newest: number;
  /** Somebody who follows no more people than this gets a home feed from theirs at once. */
  few: number;
}

const defaults: FeedBounds = { examined: 500, newest: 2000, few: 200 };

/** The feeds ordered by time. Each statement reads a bounded number of rows, whatever the viewer follows and hides. */
export function timelineQueries(db: Database, bounds: FeedBounds = defaults) {
  const number = (value: number) => sql.raw(String(value));
  const seen = notHidden(placeholder("viewer"), sql`e.owner_id`);
  const ofAll = sql`from social.posts where published and removed_at is null`;
  const ofOwner = sql`${ofAll} and owner_id = ${placeholder("owner")}::bigint`;

  const latest = rangeReader(db, "latest", (order) =>
    scan({ rows: ofAll, isSeen: seen, max: number(bounds.examined) }, order),
  );
  const person = rangeReader(db, "posts_of", (order) =>
    scan({ rows: ofOwner, isSeen: seen, max: number(bounds.examined) }, order),
  );

  // Rows of drafts and removed posts count as examined, and have no owner.
  const ofTag = sql`
    from (
      select t.listed_at, t.post_id as id, p.owner_id from social.post_tags t
      left join social.posts p on p.id = t.post_id and p.published and p.removed_at is null
      where t.tag = ${placeholder("tag")}) tagged
    where true`;
  const tag = rangeReader(db, "tag", (order) =>
    scan({ rows: ofTag, isSeen: sql`e.owner_id is not null and ${seen}`, max: number(bounds.examined) }, order),
  );

  const findPerson = db
    .select({ id: profiles.id })
    .from(profiles)
    .where(and(eq(profiles.id, placeholder("person")), profileVisibleTo(placeholder("viewer"))))
    .prepare("social_feed_of_person");

  const followees = sql`select followee_id from social.follows where follower_id = ${viewer}`;
  // An OR, so that Postgres reads the followees once into a hash table.
  const isFollowed = sql`(e.owner_id = ${viewer} or e.owner_id in (${followees}))`;
  const follows = sql`(select count(*) from (${followees} limit ${number(bounds.few + 1)}) f)`;
  const amongNewest = rangeReader(db, "home_newest", (order) =>
    scan(
      {
        rows: ofAll,
        isSeen: sql`case when ${isFollowed} then ${seen} else false end`,
        max: number(bounds.newest),
        when: sql`${follows} > ${number(bounds.few)}`,
      },
      order,
    ),
  );
  const perFollowee = rangeReader(db, "home_followees", (order) => homeOfFollowees(followees, order));

  return {
    latest: latest.read,
    /** Whether the viewer may open the person's profile. */
    async isPersonVisible(person: number, viewer: number): Promise<boolean> {
      return (await unwrapDriverError(findPerson.execute({ person, viewer }))).length > 0;
    },
    /** The posts of one person. */
    ofPerson:
      (owner: number): FeedSource =>
      (range) =>
        person.read(range, { owner }),
    /** The posts with a tag, in its normal form. */
    ofTag:
      (name: string): FeedSource =>
      (range) =>
        tag.read(range, { tag: name }),
    /**
     * The posts of the viewer and of those whom he follows. In two steps, as each is slow where the other is fast: the newest posts of all,
     * for somebody who follows many; then, where these give too few, the posts of each whom he follows.
     */
    async home(range: FeedRange): Promise<FoundInFeed> {
      const newest = await amongNewest.read(range);
      const isEnd = !newest.isSkipped && newest.stoppedAt === undefined;
      return isEnd || newest.found.length === range.limit ? newest : perFollowee.read(range);
    },
    /** The statements themselves, for tests that check their plans. */
    statements: {
      latest: latest.statements,
      person: person.statements,
      tag: tag.statements,
      amongNewest: amongNewest.statements,
      perFollowee: perFollowee.statements,
    },
  };
}

/**
 * The first `limit` posts of the viewer and those whom he follows: first the first post of each, by which no more than `limit` authors can
 * have a post on the page, then the first posts of these authors.
 */
function homeOfFollowees(followees: SQL, order: OrderName): SQL {
  const { by, after } = orders[order];
  const first = (owner: SQL, count: SQL) => sql`
    select listed_at, id from social.posts
    where owner_id = ${owner} and published and removed_at is null ${after} order by ${by} limit ${count}`;
  return sql`
    with followees as materialized (select ${viewer} as author_id union all ${followees}),
    authors as materialized (
      select author_id from (
        select author_id, listed_at, id from followees cross join lateral (${first(sql`author_id`, sql`1`)}) head
        order by ${by} offset 0) heads
      where ${notHidden(placeholder("viewer"), sql`heads.author_id`)} order by ${by} limit ${limit})
    select ${kind("found")} as kind, id, listed_at from (
      select id, listed_at from authors cross join lateral (${first(sql`author_id`, limit)}) of_author
      order by ${by} limit ${limit}) found
    ${settledIf(order)}`;
}
