import { bigint, customType, index, text } from "./drizzle.ts";
import { posts, social, time } from "./schema.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/**
 * What the search finds of the posts that are published and not removed, kept by triggers of `posts`. In a table of its own, so that posts
 * stay narrow.
 */
export const postDocuments = social.table(
  "post_documents",
  {
    postId: bigint("post_id", { mode: "number" })
      .primaryKey()
      .references(() => posts.id, { onDelete: "cascade" }),
    /** That of the post. */
    listedAt: time("listed_at").notNull(),
    /** The text search configuration whose stems `words` has beside the words themselves; `simple` has none. */
    language: text().notNull(),
    words: tsvector().notNull(),
  },
  (document) => [
    index("post_documents_by_time").on(document.listedAt, document.postId),
    index("post_documents_by_word").using("gin", document.words),
  ],
);
