import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql, unionAll } from "../database/drizzle.ts";
import { posts } from "../database/schema.ts";
import {
  draftsAfter,
  newestFirst,
  type PageRange,
  type Position,
  positionColumns,
  publishedAfter,
  type Values,
} from "./page-queries.ts";

/** The list of posts: one statement reads the positions of a page from two indexes in index order. Nothing counts or sorts a whole table. */
export function postListQueries(db: Database) {
  const { placeholder } = sql;
  const page = (after?: Values<Position>) => {
    const published = db
      .select(positionColumns)
      .from(posts)
      .where(publishedAfter(placeholder("viewer"), after));
    const drafts = db
      .select(positionColumns)
      .from(posts)
      .where(draftsAfter(placeholder("viewer"), after));
    // Each half needs its own ORDER BY and LIMIT: the planner does not push those of the whole query down into a union.
    const maxRows = placeholder("maxRows");
    const visible = unionAll(
      published.orderBy(...newestFirst(posts)).limit(maxRows),
      drafts.orderBy(...newestFirst(posts)).limit(maxRows),
    ).as("visible");
    const ids = db.select({ id: visible.id, listedAt: visible.listedAt }).from(visible);
    const ordered = ids.orderBy(...newestFirst(visible));
    return ordered.limit(placeholder("limit")).offset(placeholder("skip"));
  };
  const next = page({ listedAt: placeholder("listedAt"), id: placeholder("id") });
  const firstPage = page().prepare("social_first_page");
  const nextPage = next.prepare("social_next_page");

  return {
    async list({ after, ...range }: PageRange): Promise<Position[]> {
      const values = { ...range, maxRows: range.skip + range.limit };
      return unwrapDriverError(after ? nextPage.execute({ ...values, ...after }) : firstPage.execute(values));
    },
    /** The statements themselves, for tests that check their plans. */
    statements: { firstPage, nextPage },
  };
}
