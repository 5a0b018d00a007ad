import { comments } from "../database/comment-tables.ts";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, getTableColumns, sql } from "../database/drizzle.ts";
import { images } from "../database/image-tables.ts";
import { postTags } from "../database/post-tables.ts";
import { postCounters, posts, profiles, votes } from "../database/schema.ts";
import type { Profile } from "../users/profile-queries.ts";
import { notHidden, type Value } from "../visibility/not-hidden.ts";
import { excerptLength, excerptOf, lookahead } from "./excerpt.ts";
import { visibleTo } from "./visible-posts.ts";

export type Post = typeof posts.$inferSelect;

/** A post as its viewer sees it. */
export interface PostView {
  /** Its content is an excerpt when `isTruncated`. */
  post: Post;
  isTruncated: boolean;
  owner: Profile;
  votes: number;
  /** Comments that are not deleted; see `commentCount`. */
  comments: number;
  /** Whether the viewer has voted for it. */
  voted: boolean;
  tags: string[];
  images: ViewedImage[];
}

export interface ViewedImage {
  id: string;
  alt: string;
  /** In pixels, of the largest file. */
  width: number;
  height: number;
}

/** The columns of a `PostView`. The start of a long content is enough for an excerpt. */
function viewColumns(viewer: Value<number>, extent: Extent) {
  const whole = getTableColumns(posts);
  const start = sql<string>`left(${posts.content}, ${sql.raw(String(excerptLength + lookahead))})`;
  return {
    post: extent === "whole" ? whole : { ...whole, content: start },
    isTruncated:
      extent === "whole"
        ? sql<boolean>`false`
        : sql<boolean>`char_length(${posts.content}) > ${sql.raw(String(excerptLength))}`,
    owner: profiles,
    votes: postCounters.votes,
    comments: commentCount(viewer),
    voted: sql<boolean>`exists (select from ${votes} where ${votes.postId} = ${posts.id} and ${votes.userId} = ${viewer}::bigint)`,
    tags: sql<
      string[]
    >`array(select ${postTags.tag} from ${postTags} where ${postTags.postId} = ${posts.id} order by 1)`,
    images: sql<ViewedImage[]>`coalesce((select json_agg(json_build_object('id', ${images.id}, 'alt', ${images.alt},
      'width', ${images.width}, 'height', ${images.height}) order by ${images.position})
      from ${images} where ${images.postId} = ${posts.id}), '[]')`,
  };
}

/**
 * The number of comments that the viewer can read, up to `maxSifted`: then it is the number of all that are not deleted. What one hidden
 * author wrote cannot be told from a number as large, and a page of long threads would take long to count.
 */
function commentCount(viewer: Value<number>) {
  const seen = and(
    eq(comments.postId, posts.id),
    sql`${comments.deletedAt} is null and ${comments.removedAt} is null`,
    notHidden(viewer, comments.authorId),
  );
  return sql<number>`case when ${postCounters.comments} between 1 and ${sql.raw(String(maxSifted))}
    then (select count(*)::int from ${comments} where ${seen}) else ${postCounters.comments} end`;
}

const maxSifted = 200;

/** Whether posts are loaded with their whole contents, or with excerpts, as lists show them. */
type Extent = "whole" | "excerpt";

/**
 * The second half of every read of posts: a list, a feed or a search finds ids, and this loads those that the viewer may see, all with
 * one statement, in the order of the ids. A post that was deleted, removed or hidden meanwhile is left out.
 */
export function postLoader(db: Database | Transaction, extent: Extent = "excerpt") {
  const ids = sql`${sql.placeholder("ids")}::bigint[]`;
  const viewer = sql.placeholder("viewer");
  const load = db
    .select(viewColumns(viewer, extent))
    .from(posts)
    .innerJoin(profiles, eq(profiles.id, posts.ownerId))
    .innerJoin(postCounters, eq(postCounters.postId, posts.id))
    .where(and(sql`${posts.id} = any(${ids})`, visibleTo(viewer)))
    .orderBy(sql`array_position(${ids}, ${posts.id})`)
    .prepare(`social_posts_by_ids_${extent}`);
  return async (wanted: number[], viewerId: number): Promise<PostView[]> => {
    if (wanted.length === 0) return [];
    const found = await unwrapDriverError(load.execute({ ids: `{${wanted.join(",")}}`, viewer: viewerId }));
    if (extent === "whole") return found;
    return found.map((view) => ({ ...view, post: { ...view.post, content: excerptOf(view.post.content) } }));
  };
}
