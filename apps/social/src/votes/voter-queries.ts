import { type Database, unwrapDriverError } from "../database/database.ts";
import { and, eq, sql } from "../database/drizzle.ts";
import { profiles, votes } from "../database/schema.ts";
import type { Profile } from "../users/profile-queries.ts";
import { notHidden } from "../visibility/not-hidden.ts";

export interface VoterPage {
  voters: Profile[];
  /** The last voter who was read, when there may be more. */
  last: number | undefined;
}

/** The people who voted for a post, by their ids after `after`, at most `limit`; those who are hidden from the viewer are left out. */
export async function readVoters(
  db: Database,
  viewer: number,
  page: { postId: number; after: number; limit: number },
): Promise<VoterPage> {
  const after = sql`${votes.userId} > ${page.after}`;
  const examined = db
    .select({ userId: votes.userId })
    .from(votes)
    .where(and(eq(votes.postId, page.postId), after));
  const some = examined
    .orderBy(votes.userId)
    .limit(page.limit + 1)
    .as("some");
  const seen = sql<boolean>`${notHidden(viewer, profiles.id)}`;
  const found = db.select({ profile: profiles, seen }).from(some).innerJoin(profiles, eq(profiles.id, some.userId));
  const rows = await unwrapDriverError(found.orderBy(profiles.id));
  const onPage = rows.slice(0, page.limit);
  return {
    voters: onPage.filter((row) => row.seen).map((row) => row.profile),
    last: rows.length > page.limit ? onPage.at(-1)?.profile.id : undefined,
  };
}
