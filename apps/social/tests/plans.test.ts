import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postListQueries } from "../src/posts/post-list-queries.ts";
import { type OpenSocial, openSocial } from "./open-social.ts";

let social: OpenSocial;
let sql: postgres.Sql;
beforeAll(async () => {
  social = await openSocial();
  sql = postgres(social.postgresUrl, { max: 1 });
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
