import { afterAll, beforeAll, expect, test } from "vitest";
import { fillDemo } from "../src/demo/demo.ts";
import { type OpenSocial, openSocial, type PostWithVotes } from "./open-social.ts";

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

test("the demo data is added once, even by two processes at once or after an interruption", async () => {
  // The state after a run that was interrupted after its first account.
  const lines: string[] = [];
  const cut = { ...social.deps, auth: { ...social.deps.auth, register: cutAfter(1) } };
  await expect(fillDemo(cut, () => {})).rejects.toThrow("cut off");
  const all = async () =>
    (await social.send<PostWithVotes[]>("GET", "/posts?limit=100", { by: social.accounts.plain })).body;
  expect(await all()).toEqual([]);

  await Promise.all([fillDemo(social.deps, (line) => lines.push(line)), fillDemo(social.deps, () => {})]);
  expect(lines).toEqual(["social: 8 people and 24 posts"]);
  const posts = await all();
  expect(posts).toHaveLength(23);
  expect(new Set(posts.map(({ post }) => post.owner.id)).size).toBe(8);
  expect(posts.some(({ votes }) => votes > 2)).toBe(true);

  await fillDemo(social.deps, () => expect.unreachable());
  expect(await all()).toEqual(posts);
});

test("the vote counters of the demo data match the rows", async () => {
  const { db } = social.deps.database;
  const rows = await db.execute(
    "SELECT post_id FROM social.post_counters c WHERE votes <> (SELECT count(*) FROM social.votes v WHERE v.post_id = c.post_id)",
  );
  expect(rows).toHaveLength(0);
});

function cutAfter(count: number): OpenSocial["deps"]["auth"]["register"] {
  let made = 0;
  return (input) => {
    if (made++ === count) throw new Error("cut off");
    return social.deps.auth.register(input);
  };
}
