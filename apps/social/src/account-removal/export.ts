import { comments, commentVotes } from "../database/comment-tables.ts";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql } from "../database/drizzle.ts";
import { images } from "../database/image-tables.ts";
import { bookmarks } from "../database/mention-tables.ts";
import { appeals, reports } from "../database/moderation-tables.ts";
import { follows, hidden, hiddenReasons, posts, profiles, votes } from "../database/schema.ts";

const batch = 500;

type Row = { position: string; item: string };

/** The rows of one kind from a position on, in the order of an index, each as JSON. */
type Part = (id: number, after: string) => ReturnType<typeof sql>;

const limit = sql.raw(`limit ${batch}`);

const hiddenBy =
  (reason: number): Part =>
  (id, after) =>
    sql`
  select ${hidden.authorId}::text as position, json_build_object('id', ${hidden.authorId}, 'since', ${hidden.createdAt})::text as item
  from ${hidden} where ${hidden.viewerId} = ${id} and ${hidden.reason} = ${reason} and ${hidden.authorId} > ${after}::bigint
  order by ${hidden.authorId} ${limit}`;

/** What is exported, kind by kind. Whoever stores more of what people do adds a part. */
const parts: Record<string, Part> = {
  profile: (id, after) => sql`
    select ${profiles.id}::text as position, json_build_object('id', id, 'email', email, 'handle', handle, 'displayName', display_name,
      'bio', bio, 'createdAt', created_at)::text as item
    from ${profiles} where ${profiles.id} = ${id} and ${profiles.id} > ${after}::bigint`,
  posts: (id, after) => sql`
    select ${posts.id}::text as position, json_build_object('id', id, 'title', title, 'content', content, 'published', published,
      'createdAt', created_at, 'publishedAt', published_at, 'editedAt', edited_at, 'removedAt', removed_at, 'images', array(
        select json_build_object('id', ${images.id}, 'alt', ${images.alt}) from ${images} where ${images.postId} = ${posts.id}
        order by ${images.position}))::text as item
    from ${posts} where ${posts.ownerId} = ${id} and ${posts.id} > ${after}::bigint order by ${posts.id} ${limit}`,
  votes: (id, after) => sql`
    select ${votes.postId}::text as position, json_build_object('postId', post_id)::text as item
    from ${votes} where ${votes.userId} = ${id} and ${votes.postId} > ${after}::bigint order by ${votes.postId} ${limit}`,
  comments: (id, after) => sql`
    select ${comments.id}::text as position, json_build_object('id', id, 'postId', post_id, 'parentId', parent_id, 'content', content,
      'createdAt', created_at, 'editedAt', edited_at, 'removedAt', removed_at)::text as item
    from ${comments} where ${comments.authorId} = ${id} and ${comments.deletedAt} is null and ${comments.id} > ${after}::bigint
    order by ${comments.id} ${limit}`,
  commentVotes: (id, after) => sql`
    select ${commentVotes.commentId}::text as position, json_build_object('commentId', comment_id)::text as item
    from ${commentVotes} where ${commentVotes.userId} = ${id} and ${commentVotes.commentId} > ${after}::bigint
    order by ${commentVotes.commentId} ${limit}`,
  bookmarks: (id, after) => sql`
    select ${bookmarks.postId}::text as position, json_build_object('postId', post_id, 'since', created_at)::text as item
    from ${bookmarks} where ${bookmarks.userId} = ${id} and ${bookmarks.postId} > ${after}::bigint
    order by ${bookmarks.postId} ${limit}`,
  following: (id, after) => sql`
    select ${follows.followeeId}::text as position, json_build_object('id', followee_id, 'since', created_at)::text as item
    from ${follows} where ${follows.followerId} = ${id} and ${follows.followeeId} > ${after}::bigint
    order by ${follows.followeeId} ${limit}`,
  reports: (id, after) => sql`
    select ${reports.id}::text as position, json_build_object('id', id, 'subject', subject, 'subjectId', subject_id, 'reason', reason,
      'note', note, 'state', state, 'createdAt', created_at)::text as item
    from ${reports} where ${reports.reporterId} = ${id} and ${reports.id} > ${after}::bigint order by ${reports.id} ${limit}`,
  appeals: (id, after) => sql`
    select ${appeals.actionId}::text as position, json_build_object('actionId', action_id, 'content', content, 'state', state,
      'answer', answer, 'createdAt', created_at)::text as item
    from ${appeals} where ${appeals.authorId} = ${id} and ${appeals.actionId} > ${after}::bigint order by ${appeals.actionId} ${limit}`,
  blocks: hiddenBy(hiddenReasons.blocked),
  mutes: hiddenBy(hiddenReasons.muted),
};

/** All that an account has in this app, as JSON, read in batches while it is sent. */
export async function* exportOf(db: Database, id: number): AsyncGenerator<string> {
  let opening = "{";
  for (const [name, part] of Object.entries(parts)) {
    yield `${opening}${JSON.stringify(name)}:[`;
    opening = ",";
    let after = "0";
    for (let isFirst = true; ; isFirst = false) {
      const rows = await unwrapDriverError(db.execute<Row>(part(id, after)));
      if (rows.length > 0) yield (isFirst ? "" : ",") + rows.map(({ item }) => item).join(",");
      if (rows.length < batch) break;
      after = rows.at(-1)!.position;
    }
    yield "]";
  }
  yield "}";
}
