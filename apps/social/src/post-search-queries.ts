import type { SQL } from "drizzle-orm";
import { answerOf, type Database } from "./database.ts";
import { and, ilike, sql, unionAll } from "./drizzle.ts";
import {
  draftsOf,
  newestFirst,
  olderThan,
  position,
  postsOf,
  publishedPosts,
  type Stretch,
} from "./post-page-queries.ts";
import { type PostWithOwner, visibleTo } from "./post-queries.ts";
import { posts } from "./schema.ts";

/** How many of the newest posts a search reads one by one before it asks the index on titles. */
const searchedFirst = 5000;
/** More than there will ever be: a LIMIT that cuts nothing. */
const all = Number.MAX_SAFE_INTEGER;

const titled = { ...position, title: posts.title };

/**
 * The title as the index on titles knows it or, for a text without three letters or digits in a row, in which the index
 * has nothing to look up, as an expression that no index has: to read the table is then several times quicker.
 */
function titleFor(text: string): SQL {
  return /[\p{L}\p{N}]{3}/u.test(text) ? sql`${posts.title}` : sql`(${posts.title} || '')`;
}

/** The text as a LIKE pattern that finds it anywhere: `%`, `_` and `\` stand for themselves. */
function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

/**
 * Search in titles, in two ways of which the planner would choose the wrong one: reading posts in the order of the list
 * is quick for what many titles contain, the index on titles for what few contain.
 */
export function postSearchQueries(db: Database) {
  /** Reads the newest posts in order until enough of their titles match. */
  const amongNewest = ({ viewer, limit, skip, after }: Stretch, text: string) => {
    const published = db.select(titled).from(posts).where(publishedPosts(after));
    const drafts = db.select(titled).from(posts).where(draftsOf(viewer, after));
    const visible = unionAll(
      published.orderBy(...newestFirst(posts)).limit(searchedFirst),
      drafts.orderBy(...newestFirst(posts)).limit(searchedFirst),
    ).as("visible");
    const inOrder = db
      .select()
      .from(visible)
      .orderBy(...newestFirst(visible));
    const newest = inOrder.limit(searchedFirst).as("newest");
    const found = db.select({ id: newest.id, createdAt: newest.createdAt }).from(newest);
    const matching = found.where(ilike(newest.title, containing(text))).orderBy(...newestFirst(newest));
    return postsOf(db, matching.limit(limit).offset(skip).as("page"));
  };

  /** Asks the index on titles for all that match, and sorts those. */
  const amongAll = ({ viewer, limit, skip, after }: Stretch, text: string) => {
    const titles = db.select(position).from(posts);
    const found = ilike(titleFor(text), containing(text));
    const matching = titles.where(and(found, visibleTo(viewer), olderThan(after)));
    // Without a LIMIT here the planner would take the order from an index and read every post until enough match.
    const matches = matching.limit(all).as("matches");
    const ids = db.select({ id: matches.id, createdAt: matches.createdAt }).from(matches);
    const ordered = ids.orderBy(...newestFirst(matches));
    return postsOf(db, ordered.limit(limit).offset(skip).as("page"));
  };

  return {
    /** One stretch of the posts whose title contains `text`, without regard to case. */
    async search(stretch: Stretch, text: string): Promise<PostWithOwner[]> {
      const found = await answerOf(amongNewest(stretch, text));
      return found.length === stretch.limit ? found : answerOf(amongAll(stretch, text));
    },
    /** The statements as they are sent, for whoever asks the planner about them. */
    statements: { amongNewest, amongAll },
  };
}
