import type { TestAccount } from "@quintet/accounts/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { removeAll } from "../src/account-removal/background.ts";
import { deactivationCheck } from "../src/account-removal/deactivations.ts";
import { sql } from "../src/database/drizzle.ts";
import { type OpenSocial, openSocial, type PostWithVotes } from "./open-social.ts";

interface Removal {
  state: string;
  removed: number;
  finishedAt: string | null;
}

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

const row = async (query: ReturnType<typeof sql>) => (await social.deps.database.db.execute(query))[0];
const read = (path: string, by: TestAccount) => social.send<PostWithVotes>("GET", path, { by });

test("posts of a deactivated account are out of every read until it is active again", async () => {
  const { plain, other } = social.accounts;
  const { id } = await social.post(other, { title: "Deactivated" });
  const { activeAccount } = social.accounts.auth;
  const inactive = new Set<number>();
  const asked: number[] = [];
  const changes: number[] = [];
  const check = deactivationCheck(social.deps.database.db, {
    changedAccounts: (since) => ({ ids: changes.slice(since), version: changes.length }),
    activeAccount: async (account) => {
      asked.push(account);
      return inactive.has(account) ? undefined : activeAccount(account);
    },
  });
  inactive.add(other.account.id);
  await check();
  expect([asked, (await read(`/posts/${id}`, plain)).status]).toEqual([[], 200]);

  changes.push(other.account.id);
  await check();
  expect([asked, (await read(`/posts/${id}`, plain)).status]).toEqual([[other.account.id], 404]);
  expect((await read(`/users/${other.account.id}`, plain)).status).toBe(404);
  // Nothing has changed that this process heard of, but it is known to be deactivated.
  inactive.clear();
  await check();
  expect((await read(`/posts/${id}`, plain)).status).toBe(200);

  // Another program has changed the table of the issuer.
  inactive.add(other.account.id);
  const { db } = social.deps.database;
  await db.execute(sql`update social.profiles set checked_at = now() - interval '1 hour'`);
  await check();
  expect((await read(`/posts/${id}`, plain)).status).toBe(404);
  inactive.clear();
  await check();
  expect((await read(`/posts/${id}`, plain)).status).toBe(200);

  changes.push(other.account.id);
  const away = deactivationCheck(db, {
    changedAccounts: () => ({ ids: changes, version: 9 }),
    activeAccount: () => Promise.reject(new Error("away")),
  });
  await expect(away()).rejects.toThrow("away");
  expect((await read(`/posts/${id}`, plain)).status).toBe(200);
});

test("the issuer says whose sign-ins have ended", async () => {
  const { auth } = social.accounts;
  const before = auth.changedAccounts(0).version;
  await social.accounts.setActive(social.accounts.other.account.id, false);
  expect(auth.changedAccounts(before).ids).toEqual([social.accounts.other.account.id]);
  const { id } = social.accounts.other.account;
  const isHidden = async () =>
    (await row(sql`select from social.hidden where author_id = ${id} and reason = 5`)) !== undefined;
  await vi.waitFor(async () => expect(await isHidden()).toBe(true), 20_000);
  await social.accounts.setActive(id, true);
  await vi.waitFor(async () => expect(await isHidden()).toBe(false), 20_000);
});

test("an export has all that is the caller's", async () => {
  const { plain, staff } = social.accounts;
  await social.send("GET", "/users/me", { by: staff });
  const post = await social.post(staff, { title: "Exported", published: false });
  const voted = await social.post(plain);
  await social.vote(staff, voted.id, 1);
  await social.send("POST", `/posts/${voted.id}/comments`, { by: staff, json: { content: "Nice" } });
  await social.send("PUT", `/users/${plain.account.id}/follow`, { by: staff });
  const { db } = social.deps.database;
  await db.execute(sql`insert into social.posts (title, content, owner_id)
    select 'Many', 'x', ${staff.account.id} from generate_series(1, 1001)`);
  await db.execute(sql`insert into social.images (owner_id, post_id, alt, width, height)
    values (${staff.account.id}, ${post.id}, 'A cup', 1, 1)`);
  const response = await social.send<Record<string, { id: number }[]>>("GET", "/users/me/export", { by: staff });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  const { profile, posts, votes, comments, following, blocks, mutes } = response.body;
  expect(profile).toMatchObject([{ id: staff.account.id, email: staff.account.email }]);
  expect([posts![0], posts!.length, new Set(posts!.map(({ id }) => id)).size]).toMatchObject([
    { id: post.id, title: "Exported", published: false, images: [{ id: expect.any(String), alt: "A cup" }] },
    1002,
    1002,
  ]);
  expect([votes, comments, following, blocks, mutes]).toMatchObject([
    [{ postId: voted.id }],
    [{ postId: voted.id, content: "Nice" }],
    [{ id: plain.account.id }],
    [],
    [],
  ]);
});

test.each([
  ["staff", true],
  ["other", false],
] as const)("%s deletes the profile, with keepPosts %s", async (who, keepPosts) => {
  const { plain } = social.accounts;
  const leaver = { ...social.accounts[who], bearer: social.accounts[who].basic };
  const { id } = leaver.account;
  const { db } = social.deps.database;
  const handle = `leaver_${who}`;
  await social.send("PATCH", "/users/me", { by: leaver, json: { handle, displayName: "Leaver", bio: "Bio" } });
  const post = await social.post(leaver, { title: "Written" });
  const draft = await social.post(leaver, { title: "Draft", published: false });
  const voted = await social.post(plain);
  await social.vote(leaver, voted.id, 1);
  await social.vote(plain, voted.id, 1);
  const comment = await social.send<{ id: number }>("POST", `/posts/${voted.id}/comments`, {
    by: leaver,
    json: { content: "Said" },
  });
  await social.send("PUT", `/comments/${comment.body.id}/vote`, { by: leaver });
  await social.send("PUT", `/users/${plain.account.id}/follow`, { by: leaver });
  await social.send("PUT", `/users/${id}/follow`, { by: plain });

  const none = await social.send("GET", "/users/me/removal", { by: leaver });
  expect(none.status).toBe(404);
  const gone = await social.send<Removal>("DELETE", "/users/me", { by: leaver, json: { keepPosts } });
  expect([gone.status, gone.headers.get("location"), gone.body]).toMatchObject([
    202,
    "/social/users/me/removal",
    { state: "running", keepPosts, finishedAt: null },
  ]);
  // At once, before any step:
  for (const path of [`/users/${id}`, `/users/@${handle}`]) expect((await read(path, plain)).status).toBe(404);
  const seen = await read(`/posts/${post.id}`, plain);
  if (keepPosts) {
    expect(seen.body.post).toMatchObject({ title: "Written", author: { id, handle: null, displayName: "" } });
    expect(seen.body.post.owner).not.toHaveProperty("email");
  } else expect(seen.status).toBe(404);
  for (const write of [
    ["POST", "/posts", { title: "Late", content: "x" }],
    ["PUT", `/users/${plain.account.id}/follow`],
  ] as const) {
    const [method, path, json] = write;
    expect((await social.send(method, path, { by: leaver, ...(json && { json }) })).status).toBe(403);
  }
  expect((await social.send("PATCH", "/users/me", { by: plain, json: { handle } })).status).toBe(409);

  // Several processes work at it, and it is done once nothing has come for a while.
  await db.execute(sql`update social.removals set requested_at = requested_at - interval '2 minutes'`);
  await Promise.all([removeAll(db), removeAll(db), removeAll(db)]);
  const task = async () => (await social.send<Removal>("GET", "/users/me/removal", { by: leaver })).body;
  await vi.waitFor(async () => expect(await task()).toMatchObject({ state: "done" }), 20_000);
  const left = await row(sql`
    select (select count(*)::int from social.posts where owner_id = ${id} and (not published or not ${keepPosts})) as posts,
      (select count(*)::int from social.votes where user_id = ${id}) as votes,
      (select count(*)::int from social.comment_votes where user_id = ${id}) as comment_votes,
      (select count(*)::int from social.comments where id = ${comment.body.id} and content <> '') as comments,
      (select count(*)::int from social.follows where ${id} in (follower_id, followee_id)) as follows,
      (select count(*)::int from social.profiles where id = ${id} and email || display_name || bio <> '') as profiles`);
  expect(left).toEqual({ posts: 0, votes: 0, comment_votes: 0, comments: keepPosts ? 1 : 0, follows: 0, profiles: 0 });
  expect((await read(`/posts/${voted.id}`, plain)).body.votes).toBe(1);
  expect((await read(`/posts/${draft.id}`, leaver)).status).toBe(404);
  const again = await social.send<Removal>("DELETE", "/users/me", { by: leaver, json: { keepPosts: !keepPosts } });
  expect([again.status, again.body]).toEqual([202, await task()]);
});
