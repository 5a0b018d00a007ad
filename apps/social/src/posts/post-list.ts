import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { Database } from "../database/database.ts";
import { type PostView, postLoader } from "./load-posts.ts";
import type { Position } from "./page-queries.ts";
import { postListQueries } from "./post-list-queries.ts";
import { createPostSearch, type FoundPage } from "./post-search.ts";

export interface ListRequest {
  limit: number;
  skip: number;
  /** The text that titles must contain; "" lists all posts. */
  search: string;
  cursor?: string | undefined;
}

export interface PostPage {
  posts: PostView[];
  /** The cursor of the next page; absent on the last page. */
  nextCursor?: string;
}

/** A cursor's content: the time (ms since 1970) and id of the last post, and how many matches of a search to skip after it. */
const positionSchema = z.tuple([z.number(), z.number(), z.number().optional()]);

/** Lists the posts visible to a viewer, newest first. A cursor is the signed position of the last post that was read. */
export function createPostList(db: Database, cursorKey: Buffer) {
  const { list } = postListQueries(db);
  const loadPosts = postLoader(db);
  const searchTitles = createPostSearch(db);
  const cursorTo = ({ listedAt, id }: Position, skip?: number) =>
    encodeCursor(cursorKey, skip ? [listedAt.getTime(), id, skip] : [listedAt.getTime(), id]);
  return async (viewer: number, { limit, search, cursor, ...request }: ListRequest): Promise<PostPage> => {
    let after: Position | undefined;
    let { skip } = request;
    if (cursor !== undefined) {
      const [time, id, skipAfter = 0] = decodeCursor(cursorKey, cursor, positionSchema);
      after = { listedAt: new Date(time), id };
      skip = skipAfter;
    }
    // One row more than requested tells whether there is a next page.
    const range = { viewer, limit: limit + 1, skip, after };
    const { found, stoppedAt }: FoundPage =
      search === "" ? { found: await list(range) } : await searchTitles(range, search);
    const onPage = found.slice(0, limit);
    const posts = await loadPosts(
      onPage.map(({ id }) => id),
      viewer,
    );
    const last = onPage.at(-1);
    if (found.length > limit && last) return { posts, nextCursor: cursorTo(last) };
    return stoppedAt ? { posts, nextCursor: cursorTo(stoppedAt.position, stoppedAt.skip) } : { posts };
  };
}
