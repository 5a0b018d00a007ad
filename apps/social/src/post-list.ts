import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { Database } from "./database.ts";
import { postListQueries } from "./post-list-queries.ts";
import type { Position } from "./post-page-queries.ts";
import type { PostWithOwner } from "./post-queries.ts";
import { createPostSearch, type FoundPosts } from "./post-search.ts";

export interface ListRequest {
  limit: number;
  skip: number;
  /** What titles must contain; everything when empty. */
  search: string;
  cursor?: string | undefined;
}

export interface ListedPosts {
  posts: PostWithOwner[];
  /** Where the next page begins; absent at the end. */
  nextCursor?: string;
}

/** The time and id of the last post, and how many of what a search finds after it are to be left out. */
const positionSchema = z.tuple([z.number(), z.number(), z.number().optional()]);

/** The posts that a viewer sees, newest first. A cursor holds the time and id of the last post that was looked at, signed. */
export function createPostList(db: Database, cursorKey: Buffer) {
  const { list } = postListQueries(db);
  const searchTitles = createPostSearch(db);
  const cursorTo = ({ createdAt, id }: Position, skip?: number) =>
    encodeCursor(cursorKey, skip ? [createdAt.getTime(), id, skip] : [createdAt.getTime(), id]);
  return async (viewer: number, { limit, search, cursor, ...asked }: ListRequest): Promise<ListedPosts> => {
    let after: Position | undefined;
    let { skip } = asked;
    if (cursor !== undefined) {
      const [time, id, left = 0] = decodeCursor(cursorKey, cursor, positionSchema);
      after = { createdAt: new Date(time), id };
      skip = left;
    }
    // One more than asked for tells whether there is a next page.
    const stretch = { viewer, limit: limit + 1, skip, after };
    const found: FoundPosts = search === "" ? { posts: await list(stretch) } : await searchTitles(stretch, search);
    const posts = found.posts.slice(0, limit);
    const last = posts.at(-1)?.post;
    if (found.posts.length > limit && last) return { posts, nextCursor: cursorTo(last) };
    return found.reached ? { posts, nextCursor: cursorTo(found.reached.position, found.reached.skip) } : { posts };
  };
}
