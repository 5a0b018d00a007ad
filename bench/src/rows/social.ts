import postgres from "postgres";
import { startApp } from "../app-process.ts";
import { compare, type Row } from "../row.ts";

const people = 20_000;
const votesEach = 10;
const pages = [
  { name: "First page", query: "" },
  { name: "Page after 50,000 posts", query: "skip=50000" },
  ...["coffee", "爬楼", "rare q", "q", "absent"].map((text) => ({ name: `Search "${text}"`, query: `search=${text}` })),
];

/** The list of posts with vote counts, and its search, compared with an outer join that counts all votes. */
export const social: Row = {
  name: "social",
  about: "list of posts and search at 1,000,000 posts and 10,000,000 votes",
  async run({ rounds, scale, openStores }) {
    await using app = await startApp("social", ["mysql", "postgres", "redis"], { openStores });
    const sql = postgres(app.postgresUrl, { max: 1, onnotice: () => {} });
    const list = async (query: string) => {
      const response = await fetch(`${app.url}/social/posts?${encodeURI(query)}`, {
        headers: { Authorization: app.authorization },
      });
      if (response.status !== 200) throw new Error(await response.text());
      return ((await response.json()) as { post: { id: number }; votes: number }[]).map(({ post, votes }) => [
        post.id,
        votes,
      ]);
    };
    const joined = async (query: string) => {
      const { search = "", skip = "0" } = Object.fromEntries(new URLSearchParams(query));
      const rows = await sql`
        SELECT posts.*, profiles.email, count(votes.user_id)::int AS counted FROM social.posts
        JOIN social.profiles ON profiles.id = posts.owner_id
        LEFT OUTER JOIN social.votes ON votes.post_id = posts.id
        WHERE title ILIKE ${`%${search}%`} AND published
        GROUP BY posts.id, profiles.id ORDER BY posts.created_at DESC, posts.id DESC LIMIT 10 OFFSET ${Number(skip)}`;
      return rows.map((row) => [Number(row.id), row.counted as number]);
    };
    try {
      await fill(sql, Math.round(1_000_000 * scale));
      for (const { name, query } of pages) {
        const [actual, expected] = [await list(query), await joined(query)];
        if (JSON.stringify(actual) !== JSON.stringify(expected))
          throw new Error(`${name}: got ${actual}, expected ${expected}.`);
        const timed = (variant: string, list: (query: string) => Promise<unknown>) => ({
          name: variant,
          async measure() {
            const started = performance.now();
            await list(query);
            return { figure: 1000 / (performance.now() - started) };
          },
        });
        await compare(
          name,
          "pages/s",
          [timed("outer join and count", joined), timed("GET /social/posts", list)],
          rounds,
        );
      }
    } finally {
      await sql.end();
    }
  },
};

/** Inserts posts, a quarter of them in Chinese, with ten votes each. Foreign keys are not checked, to save time. */
async function fill(sql: postgres.Sql, count: number): Promise<void> {
  console.log(`  filling ${count} posts and ${count * votesEach} votes`);
  await sql`SET session_replication_role = replica`;
  await sql`INSERT INTO social.profiles (id, email)
    SELECT 1000 + i, i || '@example.com' FROM generate_series(1, ${people}::int) i`;
  await sql`
    INSERT INTO social.posts (title, content, created_at, owner_id)
    SELECT
      CASE
        WHEN i % 4999 = 0 THEN 'A rare q'
        WHEN i % 4 = 0 THEN (ARRAY['第一次爬山很累', '今天的晚饭吃什么呢'])[1 + i / 4 % 2]
        ELSE (ARRAY['Coffee in', 'A walk to', 'Notes on the'])[i % 4] || ' '
          || (ARRAY['Salento', 'the river', 'marathon', 'kitchen'])[1 + i / 7 % 4]
      END || ' ' || i,
      repeat(md5(i::text) || ' ', 10), timestamptz '2025-01-01' + i * interval '10 seconds', 1001 + i % ${people}::int
    FROM generate_series(1, ${count}::int) i`;
  await sql`UPDATE social.posts SET published_at = created_at`;
  await sql`INSERT INTO social.post_counters (post_id, votes) SELECT id, ${votesEach} FROM social.posts`;
  await sql`
    INSERT INTO social.votes (post_id, user_id)
    SELECT id, 1001 + (id * 7 + k * 101) % ${people}::int FROM social.posts, generate_series(1, ${votesEach}::int) k`;
  await sql`VACUUM ANALYZE social.posts, social.post_counters, social.votes, social.profiles`;
  await sql`RESET session_replication_role`;
}
