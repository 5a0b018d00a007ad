import { bigint, boolean, check, index, integer, pgSchema, primaryKey, sql, text, timestamp } from "./drizzle.ts";

export const maxTitleLength = 300;
export const maxContentLength = 40_000;

/** All tables of this app are in one Postgres schema; no other app reads it. */
export const social = pgSchema("social");

/** Milliseconds, the precision of a JavaScript date, so that a cursor holds the exact position. */
const createdAt = timestamp("created_at", { withTimezone: true, precision: 3 }).notNull().defaultNow();

/** The public part of an account. The id is the account's id; the account itself is stored by the issuer. */
export const profiles = social.table("profiles", {
  id: bigint({ mode: "number" }).primaryKey(),
  email: text().notNull(),
  createdAt,
});

/**
 * `votes` is the number of rows in `votes` for the post, updated by the statement that changes those rows.
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
    ownerId: bigint("owner_id", { mode: "number" })
      .notNull()
      .references(() => profiles.id),
    votes: integer().notNull().default(0),
  },
  (post) => [
    index("posts_published_by_time").on(post.createdAt, post.id).where(sql`${post.published}`),
    index("posts_drafts_by_time").on(post.ownerId, post.createdAt, post.id).where(sql`not ${post.published}`),
    index("posts_title_grams").using("gin", sql`social.title_grams(${post.title})`),
    check("posts_title_length", sql`char_length(${post.title}) between 1 and ${sql.raw(String(maxTitleLength))}`),
    check("posts_content_length", sql`char_length(${post.content}) between 1 and ${sql.raw(String(maxContentLength))}`),
    check("posts_votes_counted", sql`${post.votes} >= 0`),
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
  (vote) => [primaryKey({ columns: [vote.postId, vote.userId] })],
);
