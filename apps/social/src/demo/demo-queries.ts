import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql } from "../database/drizzle.ts";
import { postCounters, posts, votes } from "../database/schema.ts";

export interface NewDemoPost {
  ownerId: number;
  title: string;
  content: string;
  published: boolean;
  createdAt: Date;
  voterIds: number[];
}

const demoLock = 0x5155_1001;

export async function hasPosts(db: Pick<Database, "select">): Promise<boolean> {
  const rows = await unwrapDriverError(db.select({ id: posts.id }).from(posts).limit(1));
  return rows.length > 0;
}

/** Inserts all posts and votes, or nothing when there are posts already. The profiles must exist. */
export async function insertDemoPosts(db: Database, demo: NewDemoPost[]): Promise<void> {
  await db.transaction(async (tx) => {
    await unwrapDriverError(tx.execute(sql`select pg_advisory_xact_lock(${demoLock})`));
    if (await hasPosts(tx)) return;
    const rows = demo.map(({ voterIds, ...post }) => ({
      ...post,
      publishedAt: post.published ? post.createdAt : null,
    }));
    const made = await unwrapDriverError(tx.insert(posts).values(rows).returning({ id: posts.id }));
    const cast = demo.flatMap(({ voterIds }, i) => voterIds.map((userId) => ({ postId: made[i]!.id, userId })));
    if (cast.length === 0) return;
    await unwrapDriverError(tx.insert(votes).values(cast));
    const counted = sql<number>`(select count(*) from ${votes} where ${votes.postId} = ${postCounters.postId})`;
    await unwrapDriverError(tx.update(postCounters).set({ votes: counted }));
  });
}
