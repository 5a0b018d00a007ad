import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { Database } from "./database.ts";
import { postListQueries } from "./post-list-queries.ts";
import type { PostWithOwner } from "./post-queries.ts";
import { postSearchQueries } from "./post-search-queries.ts";

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

const positionSchema = z.tuple([z.number(), z.number()]);

/** The posts that a viewer sees, newest first. A cursor holds the time and id of the last post of a page, signed. */
export function createPostList(db: Database, cursorKey: Buffer) {
  const { list } = postListQueries(db);
  const { search: searchTitles } = postSearchQueries(db);
  return async (viewer: number, { limit, skip, search, cursor }: ListRequest): Promise<ListedPosts> => {
    let after: { createdAt: Date; id: number } | undefined;
    if (cursor !== undefined) {
      const [time, id] = decodeCursor(cursorKey, cursor, positionSchema);
      after = { createdAt: new Date(time), id };
    }
    // One more than asked for tells whether there is a next page.
    const stretch = { viewer, limit: limit + 1, skip, after };
    const found = search === "" ? await list(stretch) : await searchTitles(stretch, search);
    const posts = found.slice(0, limit);
    const last = posts.at(-1)?.post;
    if (found.length <= limit || !last) return { posts };
    return { posts, nextCursor: encodeCursor(cursorKey, [last.createdAt.getTime(), last.id]) };
  };
}
