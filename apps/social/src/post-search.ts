import type { Database } from "./database.ts";
import type { Position, Stretch } from "./post-page-queries.ts";
import type { PostWithOwner } from "./post-queries.ts";
import { postSearchQueries } from "./post-search-queries.ts";

/** How much one search reads. */
export interface SearchBounds {
  /** How many of the newest posts are read one by one before the index on titles is asked. */
  newest: number;
  /** How many posts one statement reads; a page further down than this, by its `skip`, as many as it passes over. */
  maxRead: number;
  /** How many ranges of the list one request looks at. */
  ranges: number;
}

/** One page of a search. */
export interface FoundPosts {
  posts: PostWithOwner[];
  /** Where the search stopped though there may be more; `skip` of what it finds from there on are still to be left out. */
  reached?: { position: Position; skip: number };
}

const defaults: SearchBounds = { newest: 2000, maxRead: 5000, ranges: 16 };
const growth = 4;
/** The longest range, in multiples of what one statement reads. */
const longest = 64;

/**
 * Search in titles, in three ways, since each is slow for what another is quick for. What many titles contain is among the newest
 * posts; what few contain, the index on titles has; and what many older ones contain, or what only the n-grams of many titles
 * hint at, is looked for in one range of the list after another, longer ones while little is found. So a request reads at
 * most `newest + (ranges + 1) * maxRead` posts; when that was not enough for a page, the page is shorter and says where to go on.
 */
export function createPostSearch(db: Database, bounds: SearchBounds = defaults) {
  const { amongNewest, amongAll, amongRange, positionAfter, byIds } = postSearchQueries(db);

  const throughRanges = async (asked: Stretch, text: string, maxRead: number): Promise<FoundPosts> => {
    const ids: number[] = [];
    let { after, skip } = asked;
    let size = maxRead * growth;
    // What is left of a range that had too many: no longer one is tried before that is behind.
    let crowded = 0;
    for (let looked = 0; looked < bounds.ranges; looked++) {
      const rest = { ...asked, after, skip, limit: asked.limit - ids.length };
      const until = await positionAfter(rest, size);
      const found = await amongRange(rest, until, text, maxRead);
      if (found.read > maxRead) {
        crowded = size;
        size = Math.max(maxRead, Math.floor(size / growth));
        continue;
      }
      ids.push(...found.ids);
      if (until === undefined || ids.length === asked.limit) return { posts: await byIds(ids, asked.viewer) };
      skip -= Math.min(skip, found.matches);
      after = until;
      crowded -= size;
      if (crowded <= 0 && found.read < maxRead / growth) size = Math.min(size * growth, maxRead * longest);
    }
    const posts = await byIds(ids, asked.viewer);
    return after ? { posts, reached: { position: after, skip } } : { posts };
  };

  /** One page of the posts whose title contains `text`, without regard to case, accents and forms of signs. */
  return async (asked: Stretch, text: string): Promise<FoundPosts> => {
    const newest = await amongNewest(asked, text, bounds.newest);
    if (newest.length === asked.limit) return { posts: newest };
    const maxRead = Math.max(bounds.maxRead, asked.skip + asked.limit);
    const all = await amongAll(asked, text, maxRead);
    if (all.read <= maxRead) return { posts: await byIds(all.ids, asked.viewer) };
    return throughRanges(asked, text, maxRead);
  };
}
