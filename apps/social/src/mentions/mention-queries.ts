import { type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, isNull, sql } from "../database/drizzle.ts";
import { mentions } from "../database/mention-tables.ts";
import { profiles } from "../database/schema.ts";
import { handleKey, idInHandle } from "../users/handles.ts";
import { notHidden } from "../visibility/not-hidden.ts";

/** What mentions are in: a post, or a comment on it. */
export interface MentionPlace {
  postId: number;
  commentId: number | null;
  authorId: number;
}

/**
 * Makes the mentions in a text those of `handles`: of people who are there, and who are not hidden from the author: nobody can be mentioned
 * by somebody whom they block. The transaction has locked the post or the comment.
 */
export async function writeMentions(
  on: Transaction,
  { postId, commentId, authorId }: MentionPlace,
  handles: string[],
): Promise<void> {
  const ids = handles.map(idInHandle).filter((id) => id !== undefined);
  const list = (values: (string | number)[]) => sql.param(values.map(String));
  const named = sql`(${profiles.id} = any(${list(ids)}::bigint[]) or (
    ${profiles.handleKey} = any(${list(handles.map(handleKey))}::text[]) and lower(${profiles.handle}) = any(${list(handles)}::text[])))`;
  const place = and(
    eq(mentions.postId, postId),
    commentId === null ? isNull(mentions.commentId) : eq(mentions.commentId, commentId),
  );
  await unwrapDriverError(
    on.execute(sql`
      with named as (
        select ${profiles.id} from ${profiles}
        where ${named} and ${isNull(profiles.deletedAt)} and ${profiles.id} <> ${authorId} and ${notHidden(authorId, profiles.id)}
      ), gone as (
        delete from ${mentions} where ${place} and ${mentions.userId} not in (select id from named)
      )
      insert into ${mentions} (post_id, comment_id, author_id, user_id)
      select ${postId}::bigint, ${commentId}::bigint, ${authorId}::bigint, id from named on conflict do nothing`),
  );
}
