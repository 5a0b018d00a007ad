import { answerOf, type Database } from "./database.ts";
import { sql, unionAll } from "./drizzle.ts";
import {
  draftsOf,
  newestFirst,
  type Position,
  position,
  postsOf,
  publishedPosts,
  type Stretch,
  type Values,
} from "./post-page-queries.ts";
import type { PostWithOwner } from "./post-queries.ts";
import { posts } from "./schema.ts";

/**
 * The list of posts. A page's ids are read from two indexes in their order, then posts and owners for those alone, in one
 * statement: nothing counts or sorts the whole table, for votes are counted in the post.
 */
export function postListQueries(db: Database) {
  const { placeholder } = sql;
  const page = (after?: Values<Position>) => {
    const published = db.select(position).from(posts).where(publishedPosts(after));
    const drafts = db
      .select(position)
      .from(posts)
      .where(draftsOf(placeholder("viewer"), after));
    // Each half has its own order and limit, for the planner does not pass those of the whole down into a union.
    const reach = placeholder("reach");
    const visible = unionAll(
      published.orderBy(...newestFirst(posts)).limit(reach),
      drafts.orderBy(...newestFirst(posts)).limit(reach),
    ).as("visible");
    const ids = db.select({ id: visible.id, createdAt: visible.createdAt }).from(visible);
    const ordered = ids.orderBy(...newestFirst(visible));
    return ordered.limit(placeholder("limit")).offset(placeholder("skip")).as("page");
  };
  const next = page({ createdAt: placeholder("createdAt"), id: placeholder("id") });
  const firstPage = postsOf(db, page()).prepare("social_first_page");
  const nextPage = postsOf(db, next).prepare("social_next_page");

  return {
    async list({ after, ...stretch }: Stretch): Promise<PostWithOwner[]> {
      const values = { ...stretch, reach: stretch.skip + stretch.limit };
      return answerOf(after ? nextPage.execute({ ...values, ...after }) : firstPage.execute(values));
    },
    /** The statements as they are sent, for whoever asks the planner about them. */
    statements: { firstPage, nextPage },
  };
}
