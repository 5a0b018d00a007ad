import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../src/database/database.ts";
import { sql } from "../src/database/drizzle.ts";
import { type OpenSocial, openSocial } from "./open-social.ts";

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

/** The prepared statements of the connections of a pool, each read when it is next in turn. */
async function kept(db: Database): Promise<string[]> {
  const asked = await Promise.all(
    Array.from({ length: 16 }, () =>
      db.execute<{ statement: string; used: number }>(
        sql`SELECT statement, (generic_plans + custom_plans)::int AS used FROM pg_prepared_statements`,
      ),
    ),
  );
  return asked.flat().flatMap(({ statement, used }) => (used > 0 ? [statement] : []));
}

test("the server keeps prepared statements across requests", async () => {
  const { plain } = social.accounts;
  const { id } = await social.post(plain);
  await social.post(plain);
  const headers = { "Idempotency-Key": randomUUID() };
  await social.send("POST", "/vote", { by: plain, headers, json: { postId: id, dir: 1 } });
  await social.vote(plain, id, 0);
  await social.send("GET", `/posts/${id}`, { by: plain });
  const page = await social.send("GET", "/posts?limit=1", { by: plain });
  const next = page.headers.get("link")?.split(/[<>]/)[1]?.slice("/social".length);
  expect((await social.send("GET", next!, { by: plain })).status).toBe(200);

  const { db, searches } = social.deps.database;
  const ofRows = await kept(db);
  for (const part of [/insert into "social"."votes"/, /delete from "social"."votes"/, /= any\(/]) {
    expect(
      ofRows.some((statement) => part.test(statement)),
      `${part}`,
    ).toBe(true);
  }
  const ofLists = await kept(searches);
  const pages = ofLists.filter((statement) => /union all/.test(statement));
  expect(new Set(pages.map((statement) => / < \(\$/.test(statement)))).toEqual(new Set([false, true]));
  expect([...ofRows, ...ofLists].filter((statement) => statement.includes("requestId"))).toEqual([]);
});
