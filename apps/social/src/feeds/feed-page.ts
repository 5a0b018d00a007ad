import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { Database } from "../database/database.ts";
import { type PostView, postLoader } from "../posts/load-posts.ts";
import type { Position } from "../posts/page-queries.ts";

/** What to read of a feed that is ordered by time. */
export interface FeedRange {
  viewer: number;
  /** How many posts to find. */
  limit: number;
  /** Towards which end of the feed: `newer` reads in ascending order and stops at posts that may not all be committed yet. */
  direction: "older" | "newer";
  /** Where to start, exclusive; without it at the newest post. */
  from?: Position | undefined;
}

/** The posts of a range that the viewer sees, in the order of reading. */
export interface FoundInFeed {
  found: Position[];
  /** The last post examined, where reading stopped before it had found `limit` posts. */
  stoppedAt?: Position | undefined;
  /** A moment before which all posts are committed; only where the feed is read from its newest post. */
  settledAt?: Date | undefined;
}

export type FeedSource = (range: FeedRange) => Promise<FoundInFeed>;

export interface FeedRequest {
  limit: number;
  cursor?: string | undefined;
}

export interface FeedPage {
  /** Newest first, or best first. */
  posts: PostView[];
  /** Null at the end of the feed. */
  nextCursor: string | null;
  /** Asks for what is newer; a ranked feed has it only after its first page. */
  prevCursor: string | null;
}

/**
 * A position of a feed: the feed's name, the direction, the time (ms since 1970) and id of the last post examined, and the ids of posts
 * newer than that which the client has already.
 */
const cursorSchema = z.tuple([z.string(), z.enum(["older", "newer"]), z.number(), z.number()], z.number());

/**
 * Reads the pages of feeds ordered by time. Each page has positions of posts from one statement and the posts from another. A cursor stands
 * at the last post examined, so that a page that was filtered is no end, and belongs to the feed `name`.
 */
export function feedReader(db: Database, cursorKey: Buffer) {
  const loadPosts = postLoader(db);

  return async (name: string, source: FeedSource, viewer: number, request: FeedRequest): Promise<FeedPage> => {
    const { limit } = request;
    const cursorTo = (direction: FeedRange["direction"], { listedAt, id }: Position, shown: number[] = []) =>
      encodeCursor(cursorKey, [name, direction, listedAt.getTime(), id, ...shown]);
    const load = (onPage: Position[]) =>
      loadPosts(
        onPage.map(({ id }) => id),
        viewer,
      );
    const schema = cursorSchema.refine(([feed]) => feed === name);
    const [, direction, time, id, ...shown] = decodeCursor(cursorKey, request.cursor, schema) ?? [
      name,
      "older" as const,
    ];
    const from = time === undefined || id === undefined ? undefined : { listedAt: new Date(time), id };

    if (direction === "newer" && from) {
      const read = await source({ viewer, direction, from, limit: limit + shown.length + 1 });
      const { onPage, last, unseen } = takeNewer(read.found, new Set(shown), limit);
      const isFull = onPage.length === limit;
      const newest = (isFull ? last : (read.stoppedAt ?? last)) ?? from;
      return {
        posts: await load(onPage.toReversed()),
        nextCursor: cursorTo("older", onPage[0] ?? from),
        prevCursor: cursorTo("newer", newest, unseen),
      };
    }
    const { found, stoppedAt, settledAt } = await source({ viewer, direction: "older", from, limit: limit + 1 });
    const onPage = found.slice(0, limit);
    const last = found.length > limit ? onPage.at(-1) : stoppedAt;
    const isSettled = ({ listedAt }: Position) => settledAt === undefined || listedAt < settledAt;
    const newest = [onPage[0], from].find((position) => position && isSettled(position));
    const unsettled = onPage.filter((position) => !isSettled(position)).map((position) => position.id);
    return {
      posts: await load(onPage),
      nextCursor: last ? cursorTo("older", last) : null,
      prevCursor: cursorTo("newer", newest ?? { listedAt: settledAt ?? new Date(0), id: 0 }, unsettled),
    };
  };
}

/** The first `limit` posts, in ascending order, which the client does not have; the last one passed; and which of the client's were not passed. */
function takeNewer(found: Position[], shown: Set<number>, limit: number) {
  const onPage: Position[] = [];
  let last: Position | undefined;
  for (const position of found) {
    if (shown.delete(position.id)) last = position;
    else if (onPage.length === limit) break;
    else {
      onPage.push(position);
      last = position;
    }
  }
  return { onPage, last, unseen: [...shown] };
}
