import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { z } from "zod";
import type { Database } from "../database/database.ts";
import { postLoader } from "../posts/load-posts.ts";
import type { FeedPage, FeedRequest } from "./feed-page.ts";
import { type RankedPart, type Ranking, rankedQueries } from "./ranked-queries.ts";

/** The max age, in seconds, of a list that a walk begins with. */
const maxAges: Record<Ranking, number> = { hot: 5, day: 15, week: 60, month: 60 };

/** The feed's name, the direction, when its list was made (ms since 1970), and the last place examined. */
const cursorSchema = z.tuple([z.string(), z.enum(["older", "newer"]), z.number(), z.number()]);

/**
 * Reads the pages of ranked feeds. A walk is of one list, made when it began or shortly before, so that votes meanwhile change nothing
 * of it; posts that were deleted or hidden meanwhile are left out. A list is kept for an hour: afterwards its cursors are a 400.
 */
export function rankedReader(db: Database, cursorKey: Buffer, ages = maxAges) {
  const queries = rankedQueries(db);
  const loadPosts = postLoader(db);
  const making = new Map<Ranking, Promise<void>>();

  /** One list at a time is made of a ranking: requests that come meanwhile wait for it. */
  const makeOnce = (ranking: Ranking): Promise<void> => {
    const made = making.get(ranking) ?? queries.make(ranking).finally(() => making.delete(ranking));
    making.set(ranking, made);
    return made;
  };

  return async (ranking: Ranking, viewer: number, { limit, cursor }: FeedRequest): Promise<FeedPage> => {
    const name = `ranked ${ranking}`;
    const schema = cursorSchema.refine(([feed]) => feed === name);
    const [, direction, time, place] = decodeCursor(cursorKey, cursor, schema) ?? [
      name,
      "older" as const,
      undefined,
      0,
    ];
    const madeAt = time === undefined ? undefined : new Date(time);
    const range = { ranking, viewer, limit, madeAt, direction, place, maxAge: ages[ranking] };
    let part = await queries.read(range);
    if (!part && madeAt === undefined) {
      await makeOnce(ranking);
      part = await queries.read({ ...range, maxAge: ages[ranking] + 60 });
    }
    if (!part) throw expired();
    const inOrder = direction === "older" ? part.found : part.found.toReversed();
    const cursorTo = (towards: "older" | "newer", at: number) =>
      encodeCursor(cursorKey, [name, towards, part.madeAt.getTime(), at]);
    const { before, after } = edges(part, direction, place);
    return {
      posts: await loadPosts(
        inOrder.map(({ id }) => id),
        viewer,
      ),
      nextCursor: after < part.length ? cursorTo("older", after) : null,
      prevCursor: before > 0 ? cursorTo("newer", before) : null,
    };
  };
}

/** The last place before a page and the last one on it. */
function edges({ reached }: RankedPart, direction: "older" | "newer", place: number) {
  return direction === "older" ? { before: place, after: reached } : { before: reached, after: place };
}

function expired(): Problem {
  const message = "The cursor has expired: start again with the first page.";
  return new Problem("bad-request", message, { errors: [{ path: "cursor", message }] });
}
