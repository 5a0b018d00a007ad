import { bigint, index, integer, primaryKey, text } from "./drizzle.ts";
import { posts, social, time } from "./schema.ts";

const postId = () =>
  bigint("post_id", { mode: "number" })
    .notNull()
    .references(() => posts.id, { onDelete: "cascade" });

/**
 * The earlier texts of posts: a trigger of `posts` inserts the text that a change replaces, once the post has been published. Changes of
 * a draft are not recorded.
 */
export const postEdits = social.table(
  "post_edits",
  {
    postId: postId(),
    /** The version of the post that had this text. */
    version: integer().notNull(),
    title: text().notNull(),
    content: text().notNull(),
    writtenAt: time("written_at").notNull(),
    replacedAt: time("replaced_at").notNull(),
  },
  (edit) => [primaryKey({ columns: [edit.postId, edit.version] })],
);

/**
 * The tags of posts, as `tagsIn()` finds them. `listedAt` is that of the post, so that the posts of a tag are read in order from one index.
 * Drafts and removed posts have tags too: a reader joins `posts`.
 */
export const postTags = social.table(
  "post_tags",
  { postId: postId(), tag: text().notNull(), listedAt: time("listed_at").notNull() },
  (row) => [
    primaryKey({ columns: [row.postId, row.tag] }),
    index("post_tags_by_time").on(row.tag, row.listedAt, row.postId),
  ],
);
