import type { TestAccount } from "@quintet/accounts/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sql } from "../src/database/drizzle.ts";
import { named, type OpenSocial, openSocial } from "./open-social.ts";

interface Person {
  id: number;
  handle: string;
  followed: boolean;
  followsYou: boolean;
  blocked: boolean;
  muted: boolean;
}

interface Profile extends Person {
  followers: number;
  following: number;
  posts: number;
}

interface People {
  users: Person[];
  nextCursor: string | null;
}

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

let ana: TestAccount;
let ben: TestAccount;
let viewer: TestAccount;
beforeEach(async () => {
  const { plain, other, staff } = social.accounts;
  [ana, ben, viewer] = [plain, other, staff];
  for (const by of [plain, other, staff]) await social.send("GET", `/users/${by.account.id}`, { by });
  await social.deps.database.db.execute(sql`truncate social.follows, social.hidden`);
});

/** The ids of people without an account to sign in with, from `first`. */
async function strangers(first: number, number: number): Promise<number[]> {
  await social.deps.database.db.execute(sql`insert into social.profiles (id, email)
    select n, n || '@example.com' from generate_series(${first}::int, ${first + number - 1}::int) n on conflict do nothing`);
  return Array.from({ length: number }, (_, i) => first + i);
}
const change = (by: TestAccount, method: "PUT" | "DELETE", id: number | string, verb: string) =>
  social.send(method, `/users/${id}/${verb}`, { by });
const profile = async (by: TestAccount, of: TestAccount) =>
  (await social.send<Profile>("GET", `/users/${of.account.id}`, { by })).body;
const people = async (by: TestAccount, path: string) => {
  const response = await social.send<People>("GET", path, { by });
  expect(response.status, response.text).toBe(200);
  return response.body;
};
const ids = ({ users }: People) => users.map(({ id }) => id);

describe("follow, block and mute", () => {
  test.each(["follow", "block", "mute"])("%s is done once, undone once, and shown", async (verb) => {
    const shown = { follow: "followed", block: "blocked", mute: "muted" }[verb];
    for (let i = 0; i < 2; i++) {
      const done = await change(ana, "PUT", ben.account.id, verb);
      expect([done.status, done.text]).toEqual([204, ""]);
      expect(await profile(ana, ben)).toMatchObject({ [shown!]: true });
    }
    for (let i = 0; i < 2; i++) {
      expect((await change(ana, "DELETE", ben.account.id, verb)).status).toBe(204);
      expect(await profile(ana, ben)).toMatchObject({ followed: false, blocked: false, muted: false });
    }
  });

  test.each(["follow", "block", "mute"])("%s is not possible with oneself or with nobody", async (verb) => {
    for (const method of ["PUT", "DELETE"] as const) {
      const self = await change(ana, method, ana.account.id, verb);
      expect([self.status, named(self)]).toEqual([422, ["id"]]);
      expect((await change(ana, method, "@nobody_here", verb)).status).toBe(404);
      expect((await change(ana, method, "x", verb)).status).toBe(400);
    }
    expect((await change(ana, "PUT", 99_999_999, verb)).status).toBe(404);
    expect((await change(ana, "DELETE", 99_999_999, verb)).status).toBe(204);
  });

  test("people are named by @handle, too", async () => {
    expect((await change(ana, "PUT", `@USER_${ben.account.id}`, "follow")).status).toBe(204);
    expect(await profile(ana, ben)).toMatchObject({ handle: `user_${ben.account.id}`, followed: true, followers: 1 });
    expect(await profile(ben, ana)).toMatchObject({ followsYou: true, following: 1, followers: 0 });
  });

  test("a block ends follows both ways, and hides the one from the other", async () => {
    await change(ana, "PUT", ben.account.id, "follow");
    await change(ben, "PUT", ana.account.id, "follow");
    await change(ana, "PUT", ben.account.id, "block");
    expect(await profile(ana, ben)).toMatchObject({ blocked: true, followed: false, followsYou: false, followers: 0 });
    expect((await change(ana, "PUT", ben.account.id, "follow")).status).toBe(409);
    expect((await change(ben, "PUT", ana.account.id, "follow")).status).toBe(404);
    expect((await change(ben, "PUT", ana.account.id, "mute")).status).toBe(404);
    expect((await social.send("GET", `/users/${ana.account.id}`, { by: ben })).status).toBe(404);
    expect((await social.send("GET", `/users/${ana.account.id}/followers`, { by: ben })).status).toBe(404);
    expect(ids(await people(ana, "/users/me/blocks"))).toEqual([ben.account.id]);

    // He blocks her, too: ending one of the two blocks leaves the other.
    expect((await change(ben, "PUT", ana.account.id, "block")).status).toBe(204);
    expect(ids(await people(ben, "/users/me/blocks"))).toEqual([ana.account.id]);
    await change(ana, "DELETE", ben.account.id, "block");
    expect((await social.send("GET", `/users/${ben.account.id}`, { by: ana })).status).toBe(404);
    await change(ben, "DELETE", ana.account.id, "block");
    expect(await profile(ana, ben)).toMatchObject({ blocked: false, followed: false });
  });

  test("no follow remains beside a block, whatever comes first", async () => {
    for (let round = 0; round < 12; round++) {
      await Promise.all([
        change(ben, "PUT", ana.account.id, "follow"),
        change(ana, "PUT", ben.account.id, "follow"),
        change(ana, "PUT", ben.account.id, "block"),
        change(ben, "PUT", ana.account.id, "block"),
      ]);
      const [rows] = await social.deps.database.db.execute(sql`
        select (select count(*)::int from social.follows where ${ana.account.id} in (follower_id, followee_id)) as follows,
          (select count(*)::int from social.hidden where ${ana.account.id} in (viewer_id, author_id)) as hidden`);
      expect(rows).toEqual({ follows: 0, hidden: 4 });
      await Promise.all([
        change(ana, "DELETE", ben.account.id, "block"),
        change(ben, "DELETE", ana.account.id, "block"),
      ]);
    }
  });

  test.each([
    [
      "follow",
      "insert into social.follows (follower_id, followee_id) select $, id from social.profiles where id > 1000000",
    ],
    [
      "mute",
      "insert into social.hidden (viewer_id, author_id, reason) select $, id, 3 from social.profiles where id > 1000000",
    ],
    [
      "block",
      "insert into social.hidden (viewer_id, author_id, reason) select $, id, 1 from social.profiles where id > 1000000",
    ],
  ])("%s has a limit of 5,000, exact under races", async (verb, statement) => {
    const { db } = social.deps.database;
    await strangers(1_000_001, 4999);
    await db.execute(sql.raw(statement.replace("$", String(ana.account.id))));
    const others = await strangers(900_000, 3);
    const statuses = await Promise.all(others.map((id) => change(ana, "PUT", id, verb)));
    expect(statuses.map(({ status }) => status).sort()).toEqual([204, 409, 409]);
    const done = others[statuses.findIndex(({ status }) => status === 204)]!;
    expect((await change(ana, "PUT", done, verb)).status).toBe(204);
    if (verb === "follow") expect(await profile(ana, ana)).toMatchObject({ following: 5000 });
  });
});

describe("lists of people", () => {
  test("go by cursor, the newest first, without those who are hidden", async () => {
    const others = await strangers(910_000, 7);
    for (const id of others) await change(ana, "PUT", id, "follow");
    const newest = others.toReversed();
    await change(viewer, "PUT", newest[1]!, "mute");
    await change(viewer, "PUT", newest[2]!, "block");
    const walked: number[] = [];
    let cursor: string | null = "";
    let pages = 0;
    while (cursor !== null) {
      const query: string = cursor ? `&cursor=${cursor}` : "";
      const page = await people(viewer, `/users/${ana.account.id}/following?limit=2${query}`);
      walked.push(...ids(page));
      cursor = page.nextCursor;
      pages++;
    }
    expect([walked, pages]).toEqual([newest.filter((_, i) => i !== 1 && i !== 2), 3]);
    expect(await profile(viewer, ana)).toMatchObject({ following: 5 });
    expect(ids(await people(viewer, `/users/${newest[0]}/followers`))).toEqual([ana.account.id]);
    expect(ids(await people(viewer, "/users/me/mutes"))).toEqual([newest[1]]);
  });

  test("read on past many who are hidden", async () => {
    const { db } = social.deps.database;
    await strangers(2_000_001, 900);
    await db.execute(sql`insert into social.follows (follower_id, followee_id, created_at)
      select ${ana.account.id}, 2000000 + n, now() - n * interval '1 second' from generate_series(1, 900) n`);
    await db.execute(sql`insert into social.hidden (viewer_id, author_id, reason)
      select ${viewer.account.id}, 2000000 + n, 3 from generate_series(1, 898) n`);
    const found: number[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null && pages < 9; pages++) {
      const page: People = await people(viewer, `/users/${ana.account.id}/following${cursor && `?cursor=${cursor}`}`);
      found.push(...ids(page));
      cursor = page.nextCursor;
    }
    expect([found, cursor]).toEqual([[2_000_899, 2_000_900], null]);
  });

  test("refuse the cursor of another list", async () => {
    for (const id of await strangers(910_000, 2)) await change(ana, "PUT", id, "follow");
    const { nextCursor } = await people(ana, `/users/${ana.account.id}/following?limit=1`);
    for (const path of [
      `/users/${ben.account.id}/following`,
      `/users/${ana.account.id}/followers`,
      "/users/me/mutes",
    ]) {
      const response = await social.send("GET", `${path}?cursor=${nextCursor}`, { by: ana });
      expect([response.status, named(response)]).toEqual([400, ["cursor"]]);
    }
  });
});
