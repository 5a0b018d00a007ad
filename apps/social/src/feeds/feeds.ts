import { Problem } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { normalizeTag } from "../posts/tags.ts";
import { type FeedPage, type FeedRequest, feedReader } from "./feed-page.ts";
import { rankedReader } from "./ranked-page.ts";
import { timelineQueries } from "./timeline-queries.ts";

/** The feeds of posts. Each throws 400 for a cursor of another feed. */
export function createFeeds(db: Database, cursorKey: Buffer) {
  const timelines = timelineQueries(db);
  const read = feedReader(db, cursorKey);
  return {
    home: (viewer: number, request: FeedRequest): Promise<FeedPage> =>
      read(`home ${viewer}`, timelines.home, viewer, request),
    latest: (viewer: number, request: FeedRequest): Promise<FeedPage> =>
      read("latest", timelines.latest, viewer, request),
    /** The posts with the best rank; see `rankedReader`. */
    ranked: rankedReader(db, cursorKey),
    /** The posts with a tag, however it is spelled. */
    ofTag(tag: string, viewer: number, request: FeedRequest): Promise<FeedPage> {
      const name = normalizeTag(tag);
      return read(`tag ${name}`, timelines.ofTag(name), viewer, request);
    },
    /** Throws 404 for a user whom the viewer may not see. */
    async ofPerson(person: number, viewer: number, request: FeedRequest): Promise<FeedPage> {
      if (!(await timelines.isPersonVisible(person, viewer))) throw new Problem("not-found", "User not found.");
      return read(`user ${person}`, timelines.ofPerson(person), viewer, request);
    },
  };
}
