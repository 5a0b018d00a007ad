import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql, unionAll } from "../database/drizzle.ts";
import { posts } from "../database/schema.ts";
import {
  draftsOf,
  newestFirst,
  type PageRange,
  type Position,
  positionColumns,
  postsOnPage,
  publishedPosts,
  type Values,
} from "./page-queries.ts";
import type { PostWithOwner } from "./post-queries.ts";

/**
 * The list of posts. One statement reads the ids of a page from two indexes in index order, then the posts and owners of those
 * ids only. Nothing counts or sorts the whole table: the number of votes is a column of the post.
 */
export function postListQueries(db: Database) {
  const { placeholder } = sql;
  const page = (after?: Values<Position>) => {
    const published = db.select(positionColumns).from(posts).where(publishedPosts(after));
    const drafts = db
      .select(positionColumns)
      .from(posts)
      .where(draftsOf(placeholder("viewer"), after));
    // Each half needs its own ORDER BY and LIMIT: the planner does not push those of the whole query down into a union.
    const maxRows = placeholder("maxRows");
    const visible = unionAll(
      published.orderBy(...newestFirst(posts)).limit(maxRows),
      drafts.orderBy(...newestFirst(posts)).limit(maxRows),
    ).as("visible");
    const ids = db.select({ id: visible.id, createdAt: visible.createdAt }).from(visible);
    const ordered = ids.orderBy(...newestFirst(visible));
    return ordered.limit(placeholder("limit")).offset(placeholder("skip")).as("page");
  };
  const next = page({ createdAt: placeholder("createdAt"), id: placeholder("id") });
  const firstPage = postsOnPage(db, page()).prepare("social_first_page");
  const nextPage = postsOnPage(db, next).prepare("social_next_page");

  return {
    async list({ after, ...range }: PageRange): Promise<PostWithOwner[]> {
      const values = { ...range, maxRows: range.skip + range.limit };
      return unwrapDriverError(after ? nextPage.execute({ ...values, ...after }) : firstPage.execute(values));
    },
    /** The statements themselves, for tests that check their plans. */
    statements: { firstPage, nextPage },
  };
}
