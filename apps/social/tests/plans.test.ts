import type { PgDialect } from "drizzle-orm/pg-core";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { searchSettings } from "../src/database/database.ts";
import { rankedQueries, rankings } from "../src/feeds/ranked-queries.ts";
import { timelineQueries } from "../src/feeds/timeline-queries.ts";
import { postListQueries } from "../src/posts/post-list-queries.ts";
import { searchQueries } from "../src/search/search-queries.ts";
import { type OpenSocial, openSocial } from "./open-social.ts";

let social: OpenSocial;
let sql: postgres.Sql;
beforeAll(async () => {
  social = await openSocial();
  sql = postgres(social.postgresUrl, { max: 1, onnotice: () => {}, connection: searchSettings });
  await sql`INSERT INTO social.profiles (id, email) SELECT i, i || '@example.com' FROM generate_series(1, 500) i`;
  await sql`
    INSERT INTO social.posts (title, content, published, created_at, owner_id)
    SELECT 'Title ' || md5(i::text), 'Content', i % 4 > 0, timestamptz '2025-01-01' + i * interval '1 minute', 1 + i % 500
    FROM generate_series(1, 30000) i`;
  await sql`VACUUM ANALYZE social.posts`;
});
afterAll(async () => {
  await sql.end();
  await social[Symbol.asyncDispose]();
});

const plan = async (text: string, values: (number | string)[]) => {
  const rows = await sql.unsafe<{ "QUERY PLAN": string }[]>(`EXPLAIN ${text}`, values);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
};

test("a page of the list is read from two indexes in index order", async () => {
  const { statements } = postListQueries(social.deps.database.db);
  const time = "2025-01-10T00:00:00Z";
  const pages = [
    await plan(statements.firstPage.getQuery().sql, [4, 4, 11, 4, 11, 11, 0]),
    await plan(statements.firstPage.getQuery().sql, [4, 4, 5011, 4, 5011, 11, 5000]),
    await plan(statements.nextPage.getQuery().sql, [4, 4, time, 9, 11, 4, time, 9, 11, 11, 0]),
  ];
  for (const page of pages) {
    expect(page).toContain("Merge Append");
    expect(page).toContain("posts_published_by_time");
    expect(page).toContain("posts_drafts_by_time");
    expect(page).not.toMatch(/Seq Scan|Gather|-> +Sort/);
  }
});

/** What a prepared statement reads, by the plan for these values and by the one for any, whichever is more; and that plan. */
async function run(
  statement: { getQuery(): { sql: string; params: unknown[] } },
  values: Record<string, number | string>,
): Promise<{ buffers: number; text: string }> {
  const { sql: text, params } = statement.getQuery();
  const nameOf = (param: unknown): string => {
    const { name, value } = param as { name?: string; value?: unknown };
    return name ?? nameOf(value);
  };
  const list = params.map((param) => `'${values[nameOf(param)]!}'`).join(", ");
  await sql.unsafe(`PREPARE measured AS ${text}`);
  const plans: { buffers: number; text: string }[] = [];
  for (const mode of ["force_custom_plan", "force_generic_plan"]) {
    await sql.unsafe(`SET plan_cache_mode = ${mode}`);
    const rows = await sql.unsafe<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }[]>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE measured(${list})`,
    );
    const { Plan } = rows[0]!["QUERY PLAN"][0];
    plans.push({ buffers: Plan["Shared Hit Blocks"]! + Plan["Shared Read Blocks"]!, text: JSON.stringify(Plan) });
  }
  await sql`DEALLOCATE measured`;
  return plans.sort((one, other) => other.buffers - one.buffers)[0]!;
}

describe("a page of a feed reads a bounded number of buffers", () => {
  const viewer = 4;
  const position = { fromTime: "2025-01-10T00:00:00Z", fromId: 9 };
  const values = { viewer, limit: 11, owner: 7, tag: "many", ...position };
  const orders = ["newest", "older", "newer"] as const;
  const follow = async (count: number) => {
    await sql`DELETE FROM social.follows`;
    await sql`INSERT INTO social.follows (follower_id, followee_id)
      SELECT ${viewer}, i FROM generate_series(5, ${4 + count}::int) i`;
    await sql`VACUUM ANALYZE social.follows`;
  };

  beforeAll(async () => {
    await sql`INSERT INTO social.hidden (viewer_id, author_id, reason)
      SELECT CASE WHEN i < 200 THEN 0 ELSE ${viewer} END, i, CASE WHEN i < 200 THEN 4 ELSE 1 END FROM generate_series(190, 215) i`;
    await sql`INSERT INTO social.post_tags (post_id, tag, listed_at)
      SELECT id, CASE WHEN id % 3 = 0 THEN 'many' ELSE 'few ' || id % 1000 END, listed_at FROM social.posts`;
    await sql`VACUUM ANALYZE social.hidden, social.post_tags`;
  });

  test.each(orders)("of all posts and of a person: %s", async (order) => {
    const { latest, person, tag } = timelineQueries(social.deps.database.searches).statements;
    for (const statement of [latest[order], person[order], tag[order]]) {
      const { buffers, text } = await run(statement, values);
      expect(buffers, text).toBeLessThan(order === "newest" ? 250 : 150);
      expect(text).not.toMatch(/Seq Scan|Gather/);
    }
  });

  test.each(orders)("of those whom somebody follows: %s", async (order) => {
    const { amongNewest, perFollowee } = timelineQueries(social.deps.database.searches).statements;
    for (const [followees, statement, most] of [
      [3, perFollowee, 120],
      [50, perFollowee, 450],
      [400, perFollowee, 2500],
      [400, amongNewest, 400],
      [3, amongNewest, 20],
    ] as const) {
      await follow(followees);
      const { buffers, text } = await run(statement[order], values);
      expect(buffers, `${followees}: ${text}`).toBeLessThan(most);
      expect(text).not.toMatch(/Gather|Seq Scan/);
    }
  });
});

test.each(rankings)("a ranked list (%s) reads a bounded number of buffers", async (ranking) => {
  const { searches } = social.deps.database;
  const { dialect } = searches as typeof searches & { dialect: PgDialect };
  const { sql: text, params } = dialect.sqlToQuery(rankedQueries(searches).statements.make(ranking));
  // Ten thousand posts in the month of the window, all with the same votes: no number of votes tells them apart.
  await sql`UPDATE social.post_counters SET listed_at = now() - post_id % 10000 * interval '4 minutes' WHERE listed_at IS NOT NULL`;
  await sql`ANALYZE social.post_counters`;
  const rows = await sql.unsafe<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }[]>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    params as string[],
  );
  const { Plan } = rows[0]!["QUERY PLAN"][0];
  expect(Plan["Shared Hit Blocks"]! + Plan["Shared Read Blocks"]!).toBeLessThan(40_000);
  expect(JSON.stringify(Plan)).not.toMatch(/Seq Scan/);
});

test("a search reads a bounded number of buffers, for common and for rare words", async () => {
  const { first, next } = searchQueries(social.deps.database.searches).statements;
  const values = { viewer: 4, limit: 11, until: "2030-01-01T00:00:00Z", rank: 1, id: 1_000_000 };
  const rare = (await sql`SELECT title FROM social.posts WHERE published ORDER BY id LIMIT 1`)[0]!.title;
  for (const [text, most] of [
    ["content", 1500],
    ["title content", 1500],
    ["absent", 1500],
    [rare, 1500],
  ] as const) {
    for (const statement of [first, next]) {
      const { buffers, text: plan } = await run(statement, { ...values, text });
      expect(buffers, `${text}: ${plan}`).toBeLessThan(most);
      expect(plan).not.toMatch(/"Seq Scan"|Gather/);
    }
  }
});
