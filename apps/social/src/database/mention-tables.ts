import { comments } from "./comment-tables.ts";
import { bigint, index, isNotNull, isNull, primaryKey, uniqueIndex } from "./drizzle.ts";
import { posts, profiles, social, time } from "./schema.ts";

const id = (name: string) => bigint(name, { mode: "number" });
const postId = () =>
  id("post_id")
    .notNull()
    .references(() => posts.id, { onDelete: "cascade" });
const userId = () =>
  id("user_id")
    .notNull()
    .references(() => profiles.id);

/**
 * Whom a published post or a comment names as `@handle`, by the text that it has now. A reader joins what it is in, which may be a draft
 * again, deleted or removed, and obeys `notHidden()` with the author.
 */
export const mentions = social.table(
  "mentions",
  {
    id: id("id").primaryKey().generatedAlwaysAsIdentity(),
    postId: postId(),
    /** Null for a mention in the post itself. */
    commentId: id("comment_id").references(() => comments.id, { onDelete: "cascade" }),
    authorId: id("author_id")
      .notNull()
      .references(() => profiles.id),
    userId: userId(),
    createdAt: time("created_at").notNull().defaultNow(),
  },
  (mention) => [
    uniqueIndex("mentions_in_post").on(mention.postId, mention.userId).where(isNull(mention.commentId)),
    uniqueIndex("mentions_in_comment").on(mention.commentId, mention.userId).where(isNotNull(mention.commentId)),
    index("mentions_of_user").on(mention.userId, mention.id),
    index("mentions_by_author").on(mention.authorId),
  ],
);

/** The posts that people keep for themselves. */
export const bookmarks = social.table(
  "bookmarks",
  { userId: userId(), postId: postId(), createdAt: time("created_at").notNull().defaultNow() },
  (bookmark) => [
    primaryKey({ columns: [bookmark.userId, bookmark.postId] }),
    index("bookmarks_by_time").on(bookmark.userId, bookmark.createdAt, bookmark.postId),
    index("bookmarks_of_post").on(bookmark.postId),
  ],
);
