import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rankedQueries } from "../src/feeds/ranked-queries.ts";
import { type FeedBounds, timelineQueries } from "../src/feeds/timeline-queries.ts";
import { named, type OpenSocial, openSocial, type PostWithVotes } from "./open-social.ts";

interface Feed {
  posts: PostWithVotes[];
  nextCursor: string | null;
  prevCursor: string | null;
}

let social: OpenSocial;
let sql: postgres.Sql;
let me: number;
let friend: number;
const quiet = 900_001;
const loud = 900_002;
const stranger = 900_003;

beforeAll(async () => {
  social = await openSocial();
  sql = postgres(social.postgresUrl, { max: 2, onnotice: () => {} });
  const { plain, other } = social.accounts;
  [me, friend] = [plain.account.id, other.account.id];
  await social.post(plain);
  await social.post(other);
  await sql`DELETE FROM social.posts`;
  await sql`INSERT INTO social.profiles (id, email) SELECT i, i || '@example.com' FROM generate_series(900001, 900003) i`;
});
afterAll(async () => {
  await sql.end();
  await social[Symbol.asyncDispose]();
});

async function feed(path: string, query: Record<string, string | number> = {}) {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const response = await social.send<Feed>("GET", `${path}?${search}`, { by: social.accounts.plain });
  expect(response.status, response.text).toBe(200);
  return { ...response.body, ids: response.body.posts.map(({ post }) => post.id) };
}

/** All ids of a feed, by `nextCursor`. */
async function walk(path: string, limit: number, from?: string): Promise<number[]> {
  const ids: number[] = [];
  for (let cursor = from; ; ) {
    const page = await feed(path, { limit, ...(cursor && { cursor }) });
    expect(page.ids.length).toBeLessThanOrEqual(limit);
    ids.push(...page.ids);
    if (page.nextCursor === null) return ids;
    cursor = page.nextCursor;
  }
}

/** Inserts posts of an author, `secondsAgo` old and each a second older than the one before; resolves to their ids, newest first. */
async function write(owner: number, count: number, secondsAgo: number): Promise<number[]> {
  const rows = await sql`
    INSERT INTO social.posts (title, content, owner_id, published_at)
    SELECT 'Title', 'Content', ${owner}::bigint, now() - (${secondsAgo}::int + i) * interval '1 second'
    FROM generate_series(0, ${count}::int - 1) i RETURNING id`;
  return rows.map(({ id }) => Number(id));
}

const follow = (followee: number) =>
  sql`INSERT INTO social.follows (follower_id, followee_id) VALUES (${me}, ${followee}) ON CONFLICT DO NOTHING`;
const hide = (author: number, reason: number, viewer = me) =>
  sql`INSERT INTO social.hidden (viewer_id, author_id, reason) VALUES (${viewer}, ${author}, ${reason}) ON CONFLICT DO NOTHING`;
const reset = async () => {
  await sql`DELETE FROM social.hidden`;
  await sql`DELETE FROM social.follows`;
  await sql`DELETE FROM social.posts`;
};

describe("feeds ordered by time", () => {
  test("have what the viewer sees, newest first: all, those of a person, those of whom he follows", async () => {
    await reset();
    const [mine, theirs, others] = [await write(me, 3, 10), await write(friend, 3, 20), await write(stranger, 2, 30)];
    await sql`UPDATE social.posts SET published = false WHERE id = ${theirs[0]!}`;
    await sql`UPDATE social.posts SET removed_at = now() WHERE id = ${mine[1]!}`;
    await follow(friend);
    const [seen, followed] = [[mine[0], mine[2]], theirs.slice(1)];
    expect((await feed("/feed")).ids).toEqual([...seen, ...followed, ...others]);
    expect((await feed("/home")).ids).toEqual([...seen, ...followed]);
    expect((await feed(`/users/${friend}/posts`)).ids).toEqual(followed);
    expect(await walk("/feed", 1)).toEqual([...seen, ...followed, ...others]);
    expect(await walk("/home", 1)).toEqual([...seen, ...followed]);
    await hide(friend, 3);
    expect((await feed("/feed")).ids).toEqual([...seen, ...others]);
    expect((await feed("/home")).ids).toEqual(seen);
    expect((await feed(`/users/${friend}/posts`)).ids).toEqual([]);
    await hide(friend, 2);
    expect((await social.send("GET", `/users/${friend}/posts`, { by: social.accounts.plain })).status).toBe(404);
    expect((await social.send("GET", "/users/1234567/posts", { by: social.accounts.plain })).status).toBe(404);
  });

  test("a page of hidden posts alone is no end, and costs a bounded read", async () => {
    await reset();
    await write(loud, 1200, 100);
    const [last] = await write(stranger, 1, 2000);
    await hide(loud, 1);
    const first = await feed("/feed");
    expect([first.ids, first.nextCursor]).toEqual([[], expect.any(String)]);
    expect(await walk("/feed", 10)).toEqual([last]);
  });

  test.each([
    ["read from the newest posts of all", 0],
    ["read from the posts of each followee", 200],
    ["read in both ways", 1],
  ])("a home feed is the same when it is %s", async (_, few) => {
    await reset();
    const bounds: FeedBounds = { examined: 500, newest: 7, few };
    const { home } = timelineQueries(social.deps.database.searches, bounds);
    await follow(friend);
    await follow(quiet);
    await follow(loud);
    const ids = [
      ...(await write(friend, 6, 10)),
      ...(await write(me, 2, 20)),
      ...(await write(stranger, 9, 30)),
      ...(await write(loud, 4, 40)),
      ...(await write(quiet, 3, 50)),
    ];
    await hide(loud, 3);
    const strangers = await sql`SELECT id FROM social.posts WHERE owner_id IN (${stranger}, ${loud})`;
    const hidden = new Set(strangers.map(({ id }) => Number(id)));
    const expected = ids.filter((id) => !hidden.has(id));
    const older: number[] = [];
    for (let from: Parameters<typeof home>[0]["from"]; ; ) {
      const page = await home({ viewer: me, limit: 3, direction: "older", from });
      older.push(...page.found.map(({ id }) => id));
      from = page.found.at(-1);
      if (!from || page.found.length < 3) break;
    }
    expect(older).toEqual(expected);
    const newer: number[] = [];
    for (let from: Parameters<typeof home>[0]["from"] = { listedAt: new Date(0), id: 0 }; ; ) {
      const page = await home({ viewer: me, limit: 3, direction: "newer", from });
      newer.push(...page.found.map(({ id }) => id));
      from = page.found.at(-1) ?? page.stoppedAt;
      if (!from) break;
    }
    expect(newer).toEqual(expected.toReversed());
  });
});

describe("prevCursor", () => {
  test("leads to the page next to it, until there is nothing newer, and has what was committed late", async () => {
    await reset();
    const [old] = await write(friend, 1, 5000);
    const start = await feed("/feed");
    expect(start.ids).toEqual([old]);
    const empty = await feed("/feed", { cursor: start.prevCursor! });
    expect([empty.ids, empty.posts]).toEqual([[], []]);
    const added = (await write(stranger, 8, 100)).toReversed();
    const newer: number[] = [];
    let cursor = empty.prevCursor!;
    for (const count of [3, 3, 2, 0]) {
      const page = await feed("/feed", { limit: 3, cursor });
      expect(page.ids).toHaveLength(count);
      newer.push(...page.ids.toReversed());
      cursor = page.prevCursor!;
    }
    expect(newer).toEqual(added);
    // The other way round from a page in the middle.
    const middle = await feed("/feed", { limit: 3, cursor: start.prevCursor! });
    expect(await walk("/feed", 2, middle.nextCursor!)).toEqual([old]);
  });

  test("a post that was committed late is not missed, and what is shown is not shown again", async () => {
    await reset();
    await write(friend, 1, 5000);
    const other = postgres(social.postgresUrl, { max: 1, onnotice: () => {} });
    let late: number | undefined;
    let cursor = "";
    let shown: number[] = [];
    await other.begin(async (tx) => {
      const added = await tx`
        INSERT INTO social.posts (title, content, owner_id, published_at) VALUES ('Late', 'x', ${friend}, now()) RETURNING id`;
      late = Number(added[0]!.id);
      const { id } = await social.post(social.accounts.plain);
      const first = await feed("/feed");
      shown = first.ids;
      expect(shown[0]).toBe(id);
      cursor = first.prevCursor!;
      // Newer than what has not been committed: not read yet.
      expect((await feed("/feed", { cursor })).ids).toEqual([]);
    });
    await other.end();
    const seen: number[] = [];
    await expect
      .poll(async () => {
        const page = await feed("/feed", { cursor });
        seen.push(...page.ids);
        cursor = page.prevCursor!;
        return seen;
      })
      .toEqual([late]);
    expect(shown).not.toContain(late);
  });
});

describe("ranked feeds", () => {
  const voters = Array.from({ length: 40 }, (_, i) => 910_000 + i);
  beforeAll(async () => {
    await sql`INSERT INTO social.profiles (id, email) SELECT i, i || '@example.com' FROM unnest(${voters}::bigint[]) i`;
  });
  const vote = (post: number, count: number) => sql`
    WITH cast_now AS (INSERT INTO social.votes (post_id, user_id)
      SELECT ${post}::bigint, i FROM unnest(${voters.slice(0, count)}::bigint[]) i ON CONFLICT DO NOTHING RETURNING 1)
    UPDATE social.post_counters SET votes = votes + (SELECT count(*) FROM cast_now) WHERE post_id = ${post}`;
  /** As if no list were new enough. */
  const forget = () => sql`UPDATE social.ranked_lists SET made_at = made_at - interval '10 minutes'`;
  const hour = 3600;

  test("hot weighs votes against age; top has the most votes of its window", async () => {
    await reset();
    await forget();
    const [fresh] = await write(friend, 1, 60);
    const [older] = await write(stranger, 1, 5 * hour);
    const [old] = await write(stranger, 1, 20 * hour);
    const [ancient] = await write(friend, 1, 10 * 24 * hour);
    await vote(older!, 4);
    await vote(old!, 39);
    await vote(ancient!, 40);
    // 4 votes are worth 7.5 hours, 39 are worth 19.9.
    expect((await feed("/feed", { sort: "hot" })).ids).toEqual([older, fresh, old, ancient]);
    expect((await feed("/feed", { sort: "top" })).ids).toEqual([old, older, fresh]);
    expect((await feed("/feed", { sort: "top", window: "week" })).ids).toEqual([old, older, fresh]);
    expect((await feed("/feed", { sort: "top", window: "month" })).ids).toEqual([ancient, old, older, fresh]);
    await forget();
    await sql`UPDATE social.posts SET published = false WHERE id = ${old!}`;
    await sql`UPDATE social.posts SET removed_at = now() WHERE id = ${older!}`;
    await hide(friend, 4, 0);
    const made = await feed("/feed", { sort: "top", window: "month" });
    expect([made.ids, made.nextCursor, made.prevCursor]).toEqual([[], null, null]);
    await sql`UPDATE social.posts SET published = true WHERE id = ${old!}`;
    await forget();
    expect((await feed("/feed", { sort: "hot" })).ids).toEqual([old]);
  });

  test("a vote through the service changes the rank", async () => {
    await reset();
    const [first, second] = await write(friend, 2, 60);
    await social.vote(social.accounts.plain, second!, 1);
    await social.vote(social.accounts.other, second!, 1);
    await forget();
    expect((await feed("/feed", { sort: "hot" })).ids).toEqual([second, first]);
    await social.vote(social.accounts.plain, second!, 0);
    await social.vote(social.accounts.other, second!, 0);
    await forget();
    expect((await feed("/feed", { sort: "hot" })).ids).toEqual([first, second]);
  });

  test.each(["hot", "top"])("a walk of %s has each post once while votes, deletions and posts arrive", async (sort) => {
    await reset();
    await forget();
    const ids = await write(stranger, 12, 60);
    for (const [i, id] of ids.entries()) await vote(id, 30 - i);
    const first = await feed("/feed", { sort, limit: 5 });
    expect(first.ids).toEqual(ids.slice(0, 5));
    expect(first.prevCursor).toBeNull();
    await vote(ids[11]!, 40);
    await sql`UPDATE social.post_counters SET votes = 0 WHERE post_id = ${ids[1]!}`;
    await sql`DELETE FROM social.posts WHERE id = ${ids[6]!}`;
    await write(stranger, 1, 1);
    await rankedQueries(social.deps.database.searches).make(sort === "top" ? "day" : "hot");
    const second = await feed("/feed", { sort, limit: 5, cursor: first.nextCursor! });
    expect(second.ids).toEqual([5, 7, 8, 9, 10].map((i) => ids[i]));
    const third = await feed("/feed", { sort, limit: 5, cursor: second.nextCursor! });
    expect([third.ids, third.nextCursor]).toEqual([[ids[11]], null]);
    expect((await feed("/feed", { sort, limit: 5, cursor: third.prevCursor! })).ids).toEqual(second.ids);
    const back = await feed("/feed", { sort, limit: 5, cursor: second.prevCursor! });
    expect([back.ids, back.prevCursor]).toEqual([first.ids, null]);
    await sql`DELETE FROM social.ranked_lists`;
    const expired = await social.send("GET", `/feed?sort=${sort}&cursor=${first.nextCursor}`, {
      by: social.accounts.plain,
    });
    expect([expired.status, named(expired)]).toEqual([400, ["cursor"]]);
  });
});

describe("a walk while others post, delete, publish, mute and vote", () => {
  /** Numbers from 0 to 1, the same in each run (mulberry32). */
  const randomFrom = (seed: number) => {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  };
  const tagAll = () => sql`
    INSERT INTO social.post_tags (post_id, tag, listed_at) SELECT id, 'walk', listed_at FROM social.posts ON CONFLICT DO NOTHING`;

  test.each([
    ["/feed", {}],
    ["/home", {}],
    ["/users/friend/posts", {}],
    ["/tags/walk", {}],
    ["/feed", { sort: "hot" }],
    ["/feed", { sort: "top" }],
  ] as const)("%s %j has nothing twice, and all that was there", async (template, query) => {
    await reset();
    await sql`DELETE FROM social.ranked_lists`;
    const random = randomFrom(template.length * 31 + Object.values(query).join().length);
    const path = template.replace("friend", String(friend));
    await follow(friend);
    await follow(stranger);
    const written = [...(await write(friend, 30, 60)), ...(await write(stranger, 15, 70)), ...(await write(me, 5, 80))];
    const drafts = await write(friend, 5, 65);
    await sql`UPDATE social.posts SET published = false, published_at = NULL WHERE id = ANY(${drafts}::bigint[])`;
    await tagAll();
    const stays = new Set(path.startsWith("/users") ? written.slice(0, 30) : written);
    const changes = [
      () => write(friend, 1, 0),
      async () => {
        const id = written[Math.floor(random() * written.length)]!;
        stays.delete(id);
        await sql`DELETE FROM social.posts WHERE id = ${id}`;
      },
      () => sql`UPDATE social.posts SET published = true, published_at = now() WHERE id = ${drafts.pop() ?? 0}`,
      async () => {
        await hide(stranger, 3);
        for (const id of written.slice(30, 45)) stays.delete(id);
      },
      () => sql`DELETE FROM social.hidden`,
      () =>
        sql`UPDATE social.post_counters SET votes = ${Math.floor(random() * 50)} WHERE post_id = ${written[Math.floor(random() * written.length)]!}`,
    ];
    const seen: number[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof feed>> = await feed(path, {
        ...query,
        limit: 4,
        ...(cursor && { cursor }),
      });
      seen.push(...page.ids);
      cursor = page.nextCursor;
      for (let i = 0; i < 2; i++) await changes[Math.floor(random() * changes.length)]!();
      await tagAll();
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([...stays]));
    expect(stays.size).toBeGreaterThan(5);
  });
});

test("the feed of a tag has its posts, however it is spelled", async () => {
  await reset();
  const ids: number[] = [];
  for (const title of ["#Coffee", "of #coffee", "#tea", "#COFFEE draft"]) {
    const { id } = await social.post(social.accounts.other, { title, published: !title.includes("draft") });
    ids.unshift(id);
  }
  expect((await feed("/tags/cOFFEE")).ids).toEqual([ids[2], ids[3]]);
  expect(await walk("/tags/coffee", 1)).toEqual([ids[2], ids[3]]);
  await hide(friend, 1);
  expect((await feed("/tags/coffee")).ids).toEqual([]);
});

test("a cursor belongs to its feed, and a forged one is a 400", async () => {
  await reset();
  await write(me, 3, 10);
  const { nextCursor, prevCursor } = await feed("/feed", { limit: 1 });
  for (const [path, cursor] of [
    ["/home", nextCursor],
    ["/home", prevCursor],
    [`/users/${me}/posts`, nextCursor],
    ["/feed?sort=hot", nextCursor],
    ["/tags/coffee", nextCursor],
    ["/feed", "forged"],
    ["/feed", `${nextCursor}A`],
  ]) {
    const response = await social.send("GET", `${path}${path!.includes("?") ? "&" : "?"}cursor=${cursor}`, {
      by: social.accounts.plain,
    });
    expect([response.status, named(response)], path!).toEqual([400, ["cursor"]]);
  }
});

test("a page takes at most four statements, whatever its limit", async () => {
  await reset();
  await write(friend, 120, 10);
  await follow(friend);
  const clients = [social.deps.database.db, social.deps.database.searches].map(
    (db) => (db as typeof db & { $client: postgres.Sql }).$client,
  );
  let sent = 0;
  for (const client of clients) {
    const { unsafe } = client;
    client.unsafe = ((...args: Parameters<typeof unsafe>) => {
      sent++;
      return unsafe.apply(client, args);
    }) as typeof unsafe;
  }
  await sql`INSERT INTO social.post_tags (post_id, tag, listed_at) SELECT id, 'many', listed_at FROM social.posts`;
  await sql`DELETE FROM social.ranked_lists`;
  const paths = ["/feed", "/home", `/users/${friend}/posts`, "/tags/many", "/feed?sort=hot", "/feed?sort=top"];
  for (const path of paths) {
    const [name, query] = path.split("?");
    const values = Object.fromEntries(new URLSearchParams(query));
    sent = 0;
    const { nextCursor } = await feed(name!, values);
    expect(sent, path).toBeLessThanOrEqual(4);
    for (const limit of [1, 100]) {
      sent = 0;
      expect((await feed(name!, { ...values, limit, cursor: nextCursor! })).ids).toHaveLength(limit);
      expect(sent, path).toBeGreaterThanOrEqual(2);
      expect(sent, path).toBeLessThanOrEqual(4);
    }
  }
});
