import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  pgSchema,
  primaryKey,
  smallint,
  sql,
  text,
  timestamp,
} from "./drizzle.ts";

export const maxTitleLength = 300;
export const maxContentLength = 40_000;

/** All tables of this app are in one Postgres schema; no other app reads it. */
export const social = pgSchema("social");

/** Milliseconds, the precision of a JavaScript date, so that a cursor holds the exact position. */
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const createdAt = time("created_at").notNull().defaultNow();
const profileId = (name: string) => bigint(name, { mode: "number" }).references(() => profiles.id);

/** The public part of an account. The id is the account's id; the account itself is stored by the issuer. */
export const profiles = social.table(
  "profiles",
  {
    id: bigint({ mode: "number" }).primaryKey(),
    email: text().notNull(),
    createdAt,
    /** As its person writes it, without `@`; null until one is chosen, which stands for `user_<id>`: nobody can choose such a name. */
    handle: text(),
    /** What two handles that may be confused have in common. */
    handleKey: text("handle_key").unique("profiles_handle_key"),
    handleChangedAt: time("handle_changed_at"),
    displayName: text("display_name").notNull().default(""),
    bio: text().notNull().default(""),
    suspendedAt: time("suspended_at"),
    deactivatedAt: time("deactivated_at"),
    /** When the issuer was last asked whether the account is active. */
    checkedAt: time("checked_at").notNull().defaultNow(),
    deletedAt: time("deleted_at"),
  },
  (profile) => [
    index("profiles_by_check").on(profile.checkedAt).where(sql`${profile.deletedAt} is null`),
    index("profiles_deactivated").on(profile.checkedAt).where(sql`${profile.deactivatedAt} is not null`),
    check("profiles_handle_keyed", sql`(${profile.handle} is null) = (${profile.handleKey} is null)`),
  ],
);

/**
 * Why the posts, comments and votes of an author do not exist for a viewer. `blocked` and `muted` are the viewer's own choice,
 * `blockedBy` is the author's; the others are of an author whom nobody sees.
 */
export const hiddenReasons = { blocked: 1, blockedBy: 2, muted: 3, suspended: 4, deactivated: 5, deleted: 6 } as const;

/** The viewer of rows of `hidden` that hide an author from everybody. */
export const everybody = 0;

/**
 * Whom a viewer does not see: what every read obeys, by `notHidden()`. A block is two rows, one for each side, written in one
 * transaction. There is no foreign key for the viewer, which may be `everybody`.
 */
export const hidden = social.table(
  "hidden",
  {
    viewerId: bigint("viewer_id", { mode: "number" }).notNull(),
    authorId: profileId("author_id").notNull(),
    reason: smallint().notNull(),
    createdAt,
  },
  (row) => [
    primaryKey({ columns: [row.viewerId, row.authorId, row.reason] }),
    index("hidden_by_author").on(row.authorId),
    index("hidden_by_time").on(row.viewerId, row.reason, row.createdAt, row.authorId),
    check("hidden_reason_known", sql`${row.reason} between 1 and 6`),
  ],
);

/** Who follows whom. */
export const follows = social.table(
  "follows",
  {
    followerId: profileId("follower_id").notNull(),
    followeeId: profileId("followee_id").notNull(),
    createdAt,
  },
  (follow) => [
    primaryKey({ columns: [follow.followerId, follow.followeeId] }),
    index("follows_of").on(follow.followerId, follow.createdAt, follow.followeeId),
    index("followers_of").on(follow.followeeId, follow.createdAt, follow.followerId),
    check("follows_another", sql`${follow.followerId} <> ${follow.followeeId}`),
  ],
);

/**
 * A post is ordered by `listedAt`: when it was first published, or, as long as it never was, when it was created. What changes often is
 * in `post_counters`, so that a vote rewrites no index of this table. A removed post is seen by staff alone.
 * The indexes are ascending and read backwards: Drizzle writes a descending one as NULLS LAST, which no `ORDER BY … DESC` uses.
 */
export const posts = social.table(
  "posts",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    title: text().notNull(),
    content: text().notNull(),
    published: boolean().notNull().default(true),
    createdAt,
    /** When it was first published; never changed afterwards. */
    publishedAt: time("published_at"),
    listedAt: time("listed_at").notNull().generatedAlwaysAs(sql`coalesce(published_at, created_at)`),
    /** When title or content last changed after the first publication. */
    editedAt: time("edited_at"),
    /** Counts the changes of what its owner writes, for `ETag`. */
    version: integer().notNull().default(1),
    /** When staff removed it. */
    removedAt: time("removed_at"),
    ownerId: profileId("owner_id").notNull(),
  },
  (post) => [
    index("posts_published_by_time")
      .on(post.listedAt, post.id)
      .where(sql`${post.published} and ${post.removedAt} is null`),
    index("posts_drafts_by_time").on(post.ownerId, post.listedAt, post.id).where(sql`not ${post.published}`),
    index("posts_of_owner_by_time")
      .on(post.ownerId, post.listedAt, post.id)
      .where(sql`${post.published} and ${post.removedAt} is null`),
    index("posts_title_grams").using("gin", sql`social.title_grams(${post.title})`),
    check("posts_title_length", sql`char_length(${post.title}) between 1 and ${sql.raw(String(maxTitleLength))}`),
    check("posts_content_length", sql`char_length(${post.content}) between 1 and ${sql.raw(String(maxContentLength))}`),
  ],
);

/**
 * A row for each post, inserted by a trigger of `posts`. `votes` is the number of rows in `votes` for the post, updated by the statement
 * that changes those rows, and `comments` likewise the number of its comments that are not deleted.
 */
export const postCounters = social.table(
  "post_counters",
  {
    postId: bigint("post_id", { mode: "number" })
      .primaryKey()
      .references(() => posts.id, { onDelete: "cascade" }),
    votes: integer().notNull().default(0),
    comments: integer().notNull().default(0),
    /** That of the post while it is published and not removed, otherwise null: set by a trigger of `posts`. */
    listedAt: time("listed_at"),
    /** Rank in the hot feed: ten times as many votes weigh as much as 12.5 hours. */
    hot: doublePrecision().generatedAlwaysAs(
      sql`log(greatest(votes, 1)::double precision) + extract(epoch from listed_at - timestamptz '2020-01-01T00:00:00Z')::double precision / 45000`,
    ),
    /** Quarter of a day (UTC) in which the post was listed, for the best posts of a window. */
    quarter: integer().generatedAlwaysAs(
      sql`floor(extract(epoch from listed_at - timestamptz '1970-01-01T00:00:00Z') / 21600)::integer`,
    ),
  },
  (counters) => [
    index("post_counters_by_hot").on(counters.hot, counters.postId).where(sql`${counters.hot} is not null`),
    index("post_counters_by_quarter")
      .on(counters.quarter, counters.votes, counters.postId)
      .where(sql`${counters.quarter} is not null`),
    check("post_counters_counted", sql`${counters.votes} >= 0 and ${counters.comments} >= 0`),
  ],
);

/** The results of requests with an `Idempotency-Key`, recorded in the transaction that did the work and kept for two days. */
export const processedRequests = social.table(
  "done_requests",
  {
    requestKey: text("request_key").primaryKey(),
    result: text().notNull(),
    doneAt: timestamp("done_at", { withTimezone: true }).notNull().defaultNow(),
    /** Distinguishes the request from others with the same key; null in rows of versions that did not write it. */
    fingerprint: text(),
  },
  (done) => [index("done_requests_by_time").on(done.doneAt)],
);

/** One row per vote; the primary key ensures that a vote counts once. */
export const votes = social.table(
  "votes",
  {
    postId: bigint("post_id", { mode: "number" })
      .notNull()
      .references(() => posts.id, { onDelete: "cascade" }),
    userId: bigint("user_id", { mode: "number" })
      .notNull()
      .references(() => profiles.id),
  },
  (vote) => [primaryKey({ columns: [vote.postId, vote.userId] }), index("votes_of_user").on(vote.userId, vote.postId)],
);
