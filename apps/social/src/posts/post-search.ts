import type { Database } from "../database/database.ts";
import type { PageRange, Position } from "./page-queries.ts";
import { postSearchQueries } from "./post-search-queries.ts";

/** How many posts one search may read. */
export interface SearchBounds {
  /** The newest posts, which are read one by one before the index on titles is used. */
  newest: number;
  /** The max number of posts that one statement reads; more for a page whose `skip` is larger. */
  maxRead: number;
  /** The max number of ranges of the list that one request searches. */
  ranges: number;
}

/** The positions of the posts on one page. */
export interface FoundPage {
  found: Position[];
  /** Where the search stopped although there may be more matches; the next page skips `skip` matches from there. */
  stoppedAt?: { position: Position; skip: number };
}

const defaults: SearchBounds = { newest: 2000, maxRead: 5000, ranges: 16 };
const growth = 4;
/** The max length of a range, as a multiple of `maxRead`. */
const maxGrowth = 64;

/**
 * Search in titles. Tries three methods in turn, because each is slow where another is fast:
 * 1. The newest posts: fast for a text that many titles contain.
 * 2. The index on titles: fast for a text that few titles contain.
 * 3. Range by range of the list, with longer ranges while there are few matches: for a text that many older titles contain,
 *    or whose n-grams many titles have.
 * So a request reads at most `newest + (ranges + 1) * maxRead` posts. When that does not fill a page, the page is shorter and
 * has the position to continue from.
 */
export function createPostSearch(db: Database, bounds: SearchBounds = defaults) {
  const { searchNewest, searchAll, searchRange, positionAfter } = postSearchQueries(db);

  const searchByRanges = async (asked: PageRange, text: string, maxRead: number): Promise<FoundPage> => {
    const page: Position[] = [];
    let { after, skip } = asked;
    let size = maxRead * growth;
    // The posts left of a range that had too many candidates: ranges grow again only after these have been searched.
    let tooDense = 0;
    for (let searched = 0; searched < bounds.ranges; searched++) {
      const rest = { ...asked, after, skip, limit: asked.limit - page.length };
      const until = await positionAfter(rest, size);
      const range = await searchRange(rest, until, text, maxRead);
      if (range.read > maxRead) {
        tooDense = size;
        size = Math.max(maxRead, Math.floor(size / growth));
        continue;
      }
      page.push(...range.found);
      if (until === undefined || page.length === asked.limit) return { found: page };
      skip -= Math.min(skip, range.matches);
      after = until;
      tooDense -= size;
      if (tooDense <= 0 && range.read < maxRead / growth) size = Math.min(size * growth, maxRead * maxGrowth);
    }
    return after ? { found: page, stoppedAt: { position: after, skip } } : { found: page };
  };

  /** One page of the posts whose title contains `text`, ignoring case, accents and compatibility forms. */
  return async (asked: PageRange, text: string): Promise<FoundPage> => {
    const newest = await searchNewest(asked, text, bounds.newest);
    if (newest.length === asked.limit) return { found: newest };
    const maxRead = Math.max(bounds.maxRead, asked.skip + asked.limit);
    const all = await searchAll(asked, text, maxRead);
    if (all.read <= maxRead) return { found: all.found };
    return searchByRanges(asked, text, maxRead);
  };
}
