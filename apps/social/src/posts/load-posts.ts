import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, sql } from "../database/drizzle.ts";
import { postCounters, posts, profiles, votes } from "../database/schema.ts";
import type { Profile } from "../users/profile-queries.ts";
import type { Value } from "../visibility/not-hidden.ts";
import { visibleTo } from "./visible-posts.ts";

export type Post = typeof posts.$inferSelect;

/** A post as its viewer sees it. */
export interface PostView {
  post: Post;
  owner: Profile;
  votes: number;
  /** Comments that are not deleted. */
  comments: number;
  /** Whether the viewer has voted for it. */
  voted: boolean;
}

/** The columns of a `PostView`, from the tables of `viewedPosts`. */
function viewColumns(viewer: Value<number>) {
  return {
    post: posts,
    owner: profiles,
    votes: postCounters.votes,
    comments: postCounters.comments,
    voted: sql<boolean>`exists (select from ${votes} where ${votes.postId} = ${posts.id} and ${votes.userId} = ${viewer}::bigint)`,
  };
}

/**
 * The second half of every read of posts: a list, a feed or a search finds ids, and this loads those that the viewer may see, all with
 * one statement, in the order of the ids. A post that was deleted, removed or hidden meanwhile is left out.
 */
export function postLoader(db: Database | Transaction) {
  const ids = sql`${sql.placeholder("ids")}::bigint[]`;
  const viewer = sql.placeholder("viewer");
  const load = db
    .select(viewColumns(viewer))
    .from(posts)
    .innerJoin(profiles, eq(profiles.id, posts.ownerId))
    .innerJoin(postCounters, eq(postCounters.postId, posts.id))
    .where(and(sql`${posts.id} = any(${ids})`, visibleTo(viewer)))
    .orderBy(sql`array_position(${ids}, ${posts.id})`)
    .prepare("social_posts_by_ids");
  return async (wanted: number[], viewerId: number): Promise<PostView[]> => {
    if (wanted.length === 0) return [];
    return unwrapDriverError(load.execute({ ids: `{${wanted.join(",")}}`, viewer: viewerId }));
  };
}
