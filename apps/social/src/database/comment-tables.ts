import { bigint, check, index, integer, primaryKey, smallint, sql, text } from "./drizzle.ts";
import { posts, profiles, social, time } from "./schema.ts";

export const maxCommentLength = 10_000;
/** How many levels of replies there are below a comment on a post. */
export const maxCommentDepth = 50;

const id = (name: string) => bigint(name, { mode: "number" }).notNull();
const commentId = () => id("comment_id").references(() => comments.id, { onDelete: "cascade" });

/**
 * Comments on posts. A comment is never deleted before its post: `deletedAt` (by its author, who also takes its text) or `removedAt` (by
 * staff) leaves its row, so that its replies stay where they are. What changes often is in `comment_counters`.
 */
export const comments = social.table(
  "comments",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    postId: id("post_id").references(() => posts.id, { onDelete: "cascade" }),
    /** The comment, of the same post, that it replies to; null for one on the post itself. */
    parentId: bigint("parent_id", { mode: "number" }),
    /** 0 for a comment on the post itself. */
    depth: smallint().notNull(),
    authorId: id("author_id").references(() => profiles.id),
    content: text().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
    editedAt: time("edited_at"),
    deletedAt: time("deleted_at"),
    removedAt: time("removed_at"),
  },
  (comment) => [
    index("comments_by_author").on(comment.authorId, comment.id),
    index("comments_of_post").on(comment.postId, comment.authorId),
    check("comments_depth", sql`${comment.depth} between 0 and ${sql.raw(String(maxCommentDepth))}`),
    check("comments_nested", sql`(${comment.parentId} is null) = (${comment.depth} = 0)`),
    check(
      "comments_content_length",
      sql`char_length(${comment.content}) <= ${sql.raw(String(maxCommentLength))} and (${comment.content} <> '') = (${comment.deletedAt} is null)`,
    ),
  ],
);

/**
 * A row for each comment, by which the tree is read in the order of an index. Triggers of `comments` insert it, and count in it and in
 * `post_counters`, whatever changes a comment; they lock `post_counters` first. `votes` is updated by the statement that changes
 * `comment_votes`.
 */
export const commentCounters = social.table(
  "comment_counters",
  {
    commentId: commentId().primaryKey(),
    postId: id("post_id"),
    /** 0 for a comment on the post itself. */
    parentId: id("parent_id"),
    votes: integer().notNull().default(0),
    /** Replies to it that are neither deleted nor removed. */
    replies: integer().notNull().default(0),
    /** All replies to it. */
    children: integer().notNull().default(0),
  },
  (counters) => [
    index("comment_counters_by_id").on(counters.postId, counters.parentId, counters.commentId),
    index("comment_counters_by_votes").on(counters.postId, counters.parentId, counters.votes, counters.commentId),
    check(
      "comment_counters_counted",
      sql`${counters.votes} >= 0 and ${counters.replies} between 0 and ${counters.children}`,
    ),
  ],
);

/** One row per vote for a comment; the primary key ensures that a vote counts once. */
export const commentVotes = social.table(
  "comment_votes",
  { commentId: commentId(), userId: id("user_id").references(() => profiles.id) },
  (vote) => [primaryKey({ columns: [vote.commentId, vote.userId] }), index("comment_votes_by_user").on(vote.userId)],
);
