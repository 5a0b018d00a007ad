import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { voteQueries } from "../src/votes/vote-queries.ts";
import { named, type OpenSocial, openSocial, type PostWithVotes } from "./open-social.ts";

let social: OpenSocial;
let sql: postgres.Sql;
beforeAll(async () => {
  social = await openSocial();
  sql = postgres(social.postgresUrl, { max: 1 });
});
afterAll(async () => {
  await sql.end();
  await social[Symbol.asyncDispose]();
});

const votesOf = async (id: number) => {
  const response = await social.send<PostWithVotes>("GET", `/posts/${id}`, { by: social.accounts.plain });
  return response.body.votes;
};
/** The counter of a post and the rows that it counts. */
const counted = async (id: number) => {
  const [row] = await sql<{ votes: number; rows: number }[]>`
    SELECT votes, (SELECT count(*)::int FROM social.votes WHERE post_id = ${id}) AS rows FROM social.post_counters WHERE post_id = ${id}`;
  return row;
};
const times = (counts: Record<number, number>) =>
  Object.entries(counts).flatMap(([status, count]) => Array.from({ length: count }, () => Number(status)));

describe("POST /vote", () => {
  test("adds a vote once, and removes it once", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    const first = await social.vote(plain, id, 1);
    expect([first.status, first.body]).toEqual([201, { message: "Vote added", votes: 1 }]);
    expect((await social.vote(plain, id, 1)).status).toBe(409);
    expect((await social.vote(other, id, 1)).body.votes).toBe(2);
    const back = await social.vote(plain, id, 0);
    expect([back.status, back.body]).toEqual([201, { message: "Vote taken back", votes: 1 }]);
    expect((await social.vote(plain, id, 0)).status).toBe(404);
    expect(await votesOf(id)).toBe(1);
  });

  test("removes a vote from a post that became a draft, which stays unknown to everybody else", async () => {
    const { plain, other, staff } = social.accounts;
    const { id } = await social.post(plain);
    await social.vote(other, id, 1);
    const json = { title: "Draft", content: "Content", published: false };
    await social.send("PUT", `/posts/${id}`, { by: plain, json });
    const unknown = await social.vote(staff, id, 0);
    expect([unknown.status, unknown.body.detail]).toEqual([404, "Post not found."]);
    expect((await social.vote(other, id, 1)).status).toBe(404);
    const back = await social.vote(other, id, 0);
    expect([back.status, back.body]).toEqual([201, { message: "Vote taken back", votes: 0 }]);
    expect(await counted(id)).toEqual({ votes: 0, rows: 0 });
    const again = await social.vote(other, id, 0);
    expect([again.status, again.body.detail]).toEqual([404, "Post not found."]);
  });

  test("repeats the first response for the same Idempotency-Key", async () => {
    const { plain } = social.accounts;
    const json = { postId: (await social.post(plain)).id, dir: 1 };
    const send = () => social.send("POST", "/vote", { by: plain, json, headers: { "Idempotency-Key": "vote" } });
    expect([(await send()).status, (await send()).status]).toEqual([201, 201]);
    expect(await votesOf(json.postId)).toBe(1);
  });

  test.each([999_999_999, 1e20, Number.MAX_SAFE_INTEGER])("responds 404 for post %d", async (postId) => {
    for (const dir of [0, 1]) expect((await social.vote(social.accounts.plain, postId, dir)).status).toBe(404);
  });

  test.each([
    [{ postId: 1, dir: 2 }, "dir"],
    [{ postId: 1, dir: "1" }, "dir"],
    [{ postId: 1, dir: true }, "dir"],
    [{ postId: 1 }, "dir"],
    [{ dir: 1 }, "postId"],
    [{ postId: "1 OR 1=1", dir: 1 }, "postId"],
    [{ postId: 0, dir: 1 }, "postId"],
    [{ postId: -1, dir: 1 }, "postId"],
    [{ postId: 1.5, dir: 1 }, "postId"],
    [{ postId: 1, dir: 1, userId: 2 }, "userId"],
  ])("rejects %j", async (json, path) => {
    const response = await social.send("POST", "/vote", { by: social.accounts.plain, json });
    expect([response.status, named(response)]).toEqual([422, [path]]);
  });
});

describe("under a race", () => {
  test("fifty votes of one account count once", async () => {
    const { plain } = social.accounts;
    const { id } = await social.post(plain);
    const responses = await Promise.all(Array.from({ length: 50 }, () => social.vote(plain, id, 1)));
    expect(responses.map(({ status }) => status).sort()).toEqual(times({ 201: 1, 409: 49 }));
    expect(await counted(id)).toEqual({ votes: 1, rows: 1 });
    const back = await Promise.all(Array.from({ length: 50 }, () => social.vote(plain, id, 0)));
    expect(back.map(({ status }) => status).sort()).toEqual(times({ 201: 1, 404: 49 }));
    expect(await counted(id)).toEqual({ votes: 0, rows: 0 });
  });

  test("the counter matches the rows under concurrent votes, removals and deletions", async () => {
    const { plain } = social.accounts;
    const voters = Array.from({ length: 40 }, (_, i) => 1_000_000 + i);
    for (const id of voters) await social.deps.profiles.ensure({ id, email: `${id}@example.com` });
    const queries = voteQueries(social.deps.database.db);
    const { id } = await social.post(plain);
    const gone = await social.post(plain);
    const storm = voters.flatMap((voter, i) => [
      queries.cast(id, voter),
      queries.cast(id, voter),
      queries.takeBack(id, voter),
      queries.cast(gone.id, voter),
      queries.takeBack(gone.id, voter),
      ...(i === 20 ? [social.send("DELETE", `/posts/${gone.id}`, { by: plain })] : []),
    ]);
    await Promise.all(storm);
    const now = await counted(id);
    expect(now?.votes).toBe(now?.rows);
    expect(await counted(gone.id)).toBeUndefined();
    expect(await sql`SELECT FROM social.votes WHERE post_id = ${gone.id}`).toHaveLength(0);
  });

  test("a vote that waits while its post becomes a draft does not count", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    await social.vote(plain, id, 1);
    let voting: Promise<Awaited<ReturnType<typeof social.vote>>[]> | undefined;
    await sql.begin(async (tx) => {
      await tx`UPDATE social.posts SET published = false WHERE id = ${id}`;
      voting = Promise.all([social.vote(other, id, 1), social.vote(plain, id, 0)]);
      await vi.waitFor(async () => {
        const waiting = await tx`
          SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        expect(waiting).toHaveLength(2);
      }, 20_000);
    });
    expect((await voting)?.map(({ status }) => status)).toEqual([404, 201]);
    expect(await counted(id)).toEqual({ votes: 0, rows: 0 });
  });

  test("concurrent votes of many accounts all count", async () => {
    const { plain } = social.accounts;
    const voters = Array.from({ length: 100 }, (_, i) => 2_000_000 + i);
    await Promise.all(voters.map((id) => social.deps.profiles.ensure({ id, email: `${id}@example.com` })));
    const queries = voteQueries(social.deps.database.db);
    const { id } = await social.post(plain);
    const outcomes = await Promise.all(voters.map((voter) => queries.cast(id, voter)));
    const told = outcomes.map((outcome) => (typeof outcome === "string" ? 0 : outcome.votes));
    expect(told.sort((a, b) => a - b)).toEqual(voters.map((_, i) => i + 1));
    expect(await counted(id)).toEqual({ votes: 100, rows: 100 });
  });
});
