import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { named, type OpenSocial, openSocial, type Post, type PostWithVotes } from "./open-social.ts";

let social: OpenSocial;
const written: Post[] = [];
beforeAll(async () => {
  social = await openSocial();
  const { plain, other } = social.accounts;
  for (let i = 0; i < 25; i++) {
    const published = i % 5 !== 0;
    written.unshift(await social.post(i % 2 === 0 ? plain : other, { title: `Post ${i}`, published }));
  }
});
afterAll(() => social[Symbol.asyncDispose]());

const list = async (query: string, by = social.accounts.plain) => {
  const response = await social.send<PostWithVotes[]>("GET", `/posts?${query}`, { by });
  expect(response.status, response.text).toBe(200);
  return { ...response, ids: response.body.map(({ post }) => post.id) };
};
const visibleTo = (id: number) => written.filter((post) => post.published || post.ownerId === id).map(({ id }) => id);

describe("GET /posts", () => {
  test("returns the newest ten with owners and votes", async () => {
    const { plain, other } = social.accounts;
    const newest = visibleTo(plain.account.id).slice(0, 10);
    await social.vote(other, newest[3]!, 1);
    await social.vote(plain, newest[3]!, 1);
    const { body, ids } = await list("");
    expect(ids).toEqual(newest);
    const post = written.find(({ id }) => id === newest[3])!;
    const owner = { id: post.ownerId, createdAt: post.owner.createdAt };
    expect(body[3]).toEqual({ post: { ...post, owner, myVote: 1 }, votes: 2 });
    expect(body[4]?.votes).toBe(0);
  });

  test("shows drafts to their owners only", async () => {
    for (const account of [social.accounts.plain, social.accounts.other, social.accounts.staff]) {
      expect((await list("limit=100", account)).ids).toEqual(visibleTo(account.account.id));
    }
  });

  test("continues with the same posts by skip and by the Link header", async () => {
    const { plain } = social.accounts;
    const all = visibleTo(plain.account.id);
    const bySkip: number[] = [];
    for (let skip = 0; skip < all.length; skip += 4) bySkip.push(...(await list(`limit=4&skip=${skip}`)).ids);
    expect(bySkip).toEqual(all);

    const byLink: number[] = [];
    let query: string | undefined = "limit=4";
    while (query !== undefined) {
      const page: Awaited<ReturnType<typeof list>> = await list(query);
      byLink.push(...page.ids);
      query = /^<\/social\/posts\?([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    }
    expect(byLink).toEqual(all);
    expect((await list(`skip=${all.length}`)).ids).toEqual([]);
    expect((await list("skip=100000")).ids).toEqual([]);
  });

  test("has a stable next page while posts arrive", async () => {
    const { headers, ids } = await list("limit=3");
    const arrived = await social.post(social.accounts.plain, { title: "Arrived" });
    const next = await social.send<PostWithVotes[]>(
      "GET",
      headers.get("link")!.slice("</social".length).split(">")[0]!,
      {
        by: social.accounts.plain,
      },
    );
    expect(next.body[0]?.post.id).toBe(visibleTo(social.accounts.plain.account.id)[3]);
    expect([...ids, ...next.body.map(({ post }) => post.id)]).not.toContain(arrived.id);
    await social.send("DELETE", `/posts/${arrived.id}`, { by: social.accounts.plain });
  });

  test("orders posts of one millisecond by id", async () => {
    const found = await list("limit=100");
    const sorted = [...found.body].sort(
      (a, b) => b.post.createdAt.localeCompare(a.post.createdAt) || b.post.id - a.post.id,
    );
    expect(found.body).toEqual(sorted);
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=x", "limit"],
    ["limit=", "limit"],
    ["limit=1&limit=2", "limit"],
    ["skip=-1", "skip"],
    ["skip=1.5", "skip"],
    ["skip=100001", "skip"],
    ["skip=99999999999999999999", "skip"],
    ["skip=1;DELETE FROM social.posts", "skip"],
    ["cursor=forged", "cursor"],
    ["cursor=", "cursor"],
    [`cursor=${"A".repeat(400)}`, "cursor"],
    [`search=${"x".repeat(201)}`, "search"],
    ["search=%00", "search"],
    ["search=%FF", "search"],
    ["search=a%C3", "search"],
    ["search=1%0", "search"],
    ["limit=%FF", "limit"],
    ["%FF=1", "%FF"],
    ["search=a&search=b", "search"],
    ["offset=3", "offset"],
    ["order=title", "order"],
  ])("rejects %s by name", async (query, name) => {
    const response = await social.send("GET", `/posts?${query}`, { by: social.accounts.plain });
    expect([response.status, named(response)]).toEqual([400, [name]]);
  });

  test("rejects a cursor with a skip, and a forged cursor", async () => {
    const cursor = new URLSearchParams((await list("limit=2")).headers.get("link")!.split(/[?>]/)[1]).get("cursor")!;
    const both = await social.send("GET", `/posts?skip=1&cursor=${cursor}`, { by: social.accounts.plain });
    expect([both.status, named(both)]).toEqual([400, ["skip"]]);
    const changed = `${cursor[0] === "A" ? "B" : "A"}${cursor.slice(1)}`;
    expect((await social.send("GET", `/posts?cursor=${changed}`, { by: social.accounts.plain })).status).toBe(400);
  });
});

describe("GET /posts?search=", () => {
  const titles = async (text: string) => {
    const query = new URLSearchParams({ search: text, limit: "100" }).toString();
    return (await list(query)).body.map(({ post }) => post.title);
  };

  test("finds text in titles, without regard to case", async () => {
    const { plain, other } = social.accounts;
    for (const title of ["Прогулка в Москву", "Café ÉLAN", "第一次爬山", "fifty 50%_off \\ 'quoted'", "snake_case"]) {
      await social.post(plain, { title });
    }
    await social.post(other, { title: "Secret élan", published: false });
    expect(await titles("москву")).toEqual(["Прогулка в Москву"]);
    expect(await titles("élan")).toEqual(["Café ÉLAN"]);
    expect(await titles("爬")).toEqual(["第一次爬山"]);
    expect(await titles("50%_OFF")).toEqual(["fifty 50%_off \\ 'quoted'"]);
    expect(await titles("\\ '")).toEqual(["fifty 50%_off \\ 'quoted'"]);
    expect(await titles("_")).toEqual(["snake_case", "fifty 50%_off \\ 'quoted'"]);
    expect(await titles("%")).toEqual(["fifty 50%_off \\ 'quoted'"]);
    expect(await titles("' OR 1=1 --")).toEqual([]);
    expect(await titles("50%off")).toEqual([]);
    expect(await titles("%' UNION SELECT * FROM social.profiles --")).toEqual([]);
    expect(await titles("😀")).toEqual([]);
  });

  test("pages through matches by skip and by the Link header", async () => {
    const all = (await list("search=POST%20&limit=100")).ids;
    expect(all).toEqual(visibleTo(social.accounts.plain.account.id));
    const first = await list("search=POST%20&limit=7");
    expect(first.ids).toEqual(all.slice(0, 7));
    expect((await list("search=POST%20&limit=7&skip=7")).ids).toEqual(all.slice(7, 14));
    expect((await list(first.headers.get("link")!.split(/[?>]/)[1]!)).ids).toEqual(all.slice(7, 14));
  });
});
