import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { z } from "zod";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { and, desc, eq, sql } from "../database/drizzle.ts";
import { bookmarks } from "../database/mention-tables.ts";
import { posts } from "../database/schema.ts";
import { type PostView, postLoader } from "../posts/load-posts.ts";
import { visibleTo } from "../posts/visible-posts.ts";
import type { Profiles } from "../users/profiles.ts";

interface Account {
  id: number;
  email: string;
}

export interface BookmarkPage {
  posts: PostView[];
  nextCursor: string | null;
}

/** A cursor's content: the time (ms since 1970) and the post of the last bookmark that was read. */
const positionSchema = z.tuple([z.literal("bookmarks"), z.number(), z.number()]);

/** The posts that people keep for themselves. A post that its reader does not see any more is left out until it is seen again. */
export function createBookmarks(db: Database, profiles: Profiles, cursorKey: Buffer) {
  const loadPosts = postLoader(db);
  const notFound = () => new Problem("not-found", "Post not found.");

  return {
    /** Keeps a post that the account sees. One that is kept stays where it is. */
    async add(account: Account, postId: number): Promise<void> {
      await profiles.ensure(account);
      const rows = db.execute(sql`
        with known as (select ${posts.id} from ${posts} where ${posts.id} = ${postId} and ${visibleTo(account.id)} for key share of posts),
        added as (insert into ${bookmarks} (user_id, post_id) select ${account.id}, id from known on conflict do nothing)
        select id from known`);
      if ((await unwrapDriverError(rows)).length === 0) throw notFound();
    },
    /** Removes a bookmark, also of a post that the account does not see any more. None is fine. */
    async remove(accountId: number, postId: number): Promise<void> {
      const removed = db.delete(bookmarks).where(and(eq(bookmarks.userId, accountId), eq(bookmarks.postId, postId)));
      const rows = await unwrapDriverError(removed.returning({ postId: bookmarks.postId }));
      if (rows.length === 0 && (await loadPosts([postId], accountId)).length === 0) throw notFound();
    },
    /** The account's bookmarks, latest first. A page may have fewer than `limit` posts and still have a next one. */
    async list(
      accountId: number,
      { limit, cursor }: { limit: number; cursor?: string | undefined },
    ): Promise<BookmarkPage> {
      const [, time, postId] = decodeCursor(cursorKey, cursor, positionSchema) ?? [];
      const after =
        time === undefined
          ? undefined
          : sql`(${bookmarks.createdAt}, ${bookmarks.postId}) < (${sql.param(new Date(time), bookmarks.createdAt)}, ${postId})`;
      const found = db
        .select()
        .from(bookmarks)
        .where(and(eq(bookmarks.userId, accountId), after));
      const ordered = found.orderBy(desc(bookmarks.createdAt), desc(bookmarks.postId));
      const rows = await unwrapDriverError(ordered.limit(limit + 1));
      const onPage = rows.slice(0, limit);
      const last = rows.length > limit ? onPage.at(-1) : undefined;
      return {
        posts: await loadPosts(
          onPage.map((row) => row.postId),
          accountId,
        ),
        nextCursor: last ? encodeCursor(cursorKey, ["bookmarks", last.createdAt.getTime(), last.postId]) : null,
      };
    },
  };
}
