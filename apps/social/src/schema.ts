import { bigint, boolean, check, index, integer, pgSchema, primaryKey, sql, text, timestamp } from "./drizzle.ts";

export const titleLimit = 300;
export const contentLimit = 40_000;

/** Everything that this app keeps lies in one Postgres schema; no other app reads it. */
export const social = pgSchema("social");

/** Milliseconds are what a JavaScript date holds, so that a page position survives the way to the client and back. */
const createdAt = timestamp("created_at", { withTimezone: true, precision: 3 }).notNull().defaultNow();

/** What others see of an account. The id is the account's id; the account itself lives at the issuer. */
export const profiles = social.table("profiles", {
  id: bigint({ mode: "number" }).primaryKey(),
  email: text().notNull(),
  createdAt,
});

/**
 * `votes` is the number of rows in `votes` for the post, changed in the statement that changes those rows.
 * The indexes ascend and are read backwards: Drizzle writes a descending one as NULLS LAST, which no `ORDER BY … DESC` uses.
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
    check("posts_title_length", sql`char_length(${post.title}) between 1 and ${sql.raw(String(titleLimit))}`),
    check("posts_content_length", sql`char_length(${post.content}) between 1 and ${sql.raw(String(contentLimit))}`),
    check("posts_votes_counted", sql`${post.votes} >= 0`),
  ],
);

/** What was done for which request with an `Idempotency-Key`, recorded in the transaction that did it, for two days. */
export const doneRequests = social.table(
  "done_requests",
  {
    requestKey: text("request_key").primaryKey(),
    result: text().notNull(),
    doneAt: timestamp("done_at", { withTimezone: true }).notNull().defaultNow(),
    /** What tells the request from others with its key; versions before did not write it. */
    fingerprint: text(),
  },
  (done) => [index("done_requests_by_time").on(done.doneAt)],
);

/** One row per vote; its key is what makes a vote count once. */
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
