import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eq } from "../src/database/drizzle.ts";
import { everybody, hidden, hiddenReasons, posts } from "../src/database/schema.ts";
import { named, type OpenSocial, openSocial, type Post, type PostWithVotes } from "./open-social.ts";

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

const read = (id: number | string, by = social.accounts.plain) =>
  social.send<PostWithVotes>("GET", `/posts/${id}`, { by });

describe("a post", () => {
  test("is created, read, replaced and deleted by its owner", async () => {
    const { plain } = social.accounts;
    const json = { title: "Ünï😀 ' \" <b>", content: "Line 1\nLine 2 \\ %_", published: true };
    const made = await social.send<Post>("POST", "/posts", { by: plain, json });
    expect(made.status, made.text).toBe(201);
    const owner = { id: plain.account.id, email: plain.account.email, createdAt: expect.any(String) };
    const createdAt = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
    expect(made.body).toEqual({ id: expect.any(Number), ...json, createdAt, ownerId: plain.account.id, owner });
    const path = `/posts/${made.body.id}`;
    expect(made.headers.get("location")).toBe(`/social${path}`);
    expect((await read(made.body.id)).body).toEqual({ post: made.body, votes: 0 });

    const put = await social.send<Post>("PUT", path, {
      by: plain,
      json: { title: "Other", content: "Text", published: false },
    });
    expect([put.status, put.body]).toEqual([200, { ...made.body, title: "Other", content: "Text", published: false }]);
    const whole = await social.send<Post>("PUT", path, { by: plain, json: { title: "A", content: "B" } });
    expect(whole.body).toEqual({ ...made.body, title: "A", content: "B", published: true });

    const gone = await social.send("DELETE", path, { by: plain });
    expect([gone.status, gone.text]).toEqual([204, ""]);
    expect((await read(made.body.id)).status).toBe(404);
    expect((await social.send("DELETE", path, { by: plain })).status).toBe(404);
    expect((await social.send("PUT", path, { by: plain, json })).status).toBe(404);
  });

  test("keeps its votes when it is replaced and loses them when it is deleted", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    await social.vote(other, id, 1);
    await social.send("PUT", `/posts/${id}`, { by: plain, json: { title: "A", content: "B" } });
    expect((await read(id)).body.votes).toBe(1);
    expect((await social.send("DELETE", `/posts/${id}`, { by: plain })).status).toBe(204);
    expect((await social.vote(other, id, 0)).status).toBe(404);
  });

  test("cannot be changed or deleted by anyone else, whatever is sent", async () => {
    const { plain, other, staff } = social.accounts;
    const post = await social.post(plain, { title: "Mine" });
    for (const by of [other, staff]) {
      for (const json of [{ title: "a", content: "b" }, { nonsense: 1 }]) {
        expect((await social.send("PUT", `/posts/${post.id}`, { by, json })).status).toBe(403);
      }
      expect((await social.send("DELETE", `/posts/${post.id}`, { by })).status).toBe(403);
    }
    expect((await read(post.id)).body.post).toEqual(post);
  });

  test("takes its place in the list when it is first published, and keeps it", async () => {
    const { plain, other } = social.accounts;
    const newest = async (by = other) => {
      const page = await social.send<PostWithVotes[]>("GET", "/posts?limit=2", { by });
      return page.body.map(({ post }) => post.id);
    };
    const put = (id: number, published: boolean) =>
      social.send("PUT", `/posts/${id}`, { by: plain, json: { title: "A", content: "B", published } });
    const draft = await social.post(plain, { published: false });
    const post = await social.post(plain);
    await put(draft.id, true);
    expect(await newest()).toEqual([draft.id, post.id]);
    const last = await social.post(plain);
    for (const published of [false, true]) {
      await put(draft.id, published);
      expect(await newest(plain)).toEqual([last.id, draft.id]);
    }
  });

  test("of somebody who is hidden from the viewer or from everybody, or that was removed, does not exist", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain, { title: "Somewhere" });
    const seenBy = async (by: typeof other) => {
      const lists = await Promise.all(
        ["/posts", "/posts?search=Somewhere"].map((path) => social.send<PostWithVotes[]>("GET", path, { by })),
      );
      const listed = lists.map(({ body }) => body.some(({ post }) => post.id === id));
      const voted = (await social.vote(by, id, 1)).status !== 404;
      await social.vote(by, id, 0);
      return [...new Set([...listed, (await read(id, by)).status === 200, voted])];
    };
    expect(await seenBy(other)).toEqual([true]);
    const { db } = social.deps.database;
    const author = plain.account.id;
    for (const viewer of [other.account.id, everybody]) {
      await db.insert(hidden).values({ viewerId: viewer, authorId: author, reason: hiddenReasons.muted });
      expect(await seenBy(other)).toEqual([false]);
      expect(await seenBy(plain)).toEqual([true]);
      await db.delete(hidden);
    }
    await db.update(posts).set({ removedAt: new Date() }).where(eq(posts.id, id));
    expect([await seenBy(other), await seenBy(plain)]).toEqual([[false], [false]]);
  });

  test("that is a draft exists for its owner only", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain, { published: false });
    expect((await read(id)).status).toBe(200);
    expect((await read(id, other)).status).toBe(404);
    expect((await social.send("PUT", `/posts/${id}`, { by: other, json: { title: "a", content: "b" } })).status).toBe(
      404,
    );
    expect((await social.send("DELETE", `/posts/${id}`, { by: other })).status).toBe(404);
    expect((await social.vote(other, id, 1)).status).toBe(404);
    expect((await social.vote(plain, id, 1)).status).toBe(201);
  });

  test("may be as long as the limits and no longer", async () => {
    const { plain } = social.accounts;
    const title = "é".repeat(300);
    const content = `x${"\u0001".repeat(39_999)}`;
    const post = await social.post(plain, { title, content });
    expect((await read(post.id)).body.post).toEqual(post);
    const long = await social.send("POST", "/posts", {
      by: plain,
      json: { title: `${title}x`, content: `${content}x` },
    });
    expect([long.status, named(long)]).toEqual([422, ["title", "content"]]);
  });

  test.each([
    ["title", undefined],
    ["title", ""],
    ["title", " \n\t"],
    ["title", "\u200b\ufeff\u3164\u2800\ufe0f\u0301"],
    ["title", 1],
    ["title", "nul\u0000"],
    ["title", "half \ud83d"],
    ["content", undefined],
    ["content", null],
    ["content", "\u0001\u00ad\u3000"],
    ["content", "\u0000"],
    ["content", ["a"]],
    ["published", "yes"],
    ["ownerId", 1],
    ["votes", 7],
    ["id", 1],
    ["__proto__x", 1],
  ])("is rejected when %s is %j", async (field, value) => {
    const json = { title: "Title", content: "Content", published: true, [field]: value };
    const { plain } = social.accounts;
    const mine = await social.post(plain);
    for (const [method, path] of [
      ["POST", "/posts"],
      ["PUT", `/posts/${mine.id}`],
    ] as const) {
      const response = await social.send(method, path, { by: plain, json });
      expect([response.status, named(response)]).toEqual([422, [field]]);
    }
    expect((await read(mine.id)).body.post).toEqual(mine);
  });

  test("is created once for the same Idempotency-Key of the same account", async () => {
    const { plain, other } = social.accounts;
    const headers = { "Idempotency-Key": "once" };
    const json = { title: "Once", content: "Content" };
    const responses = await Promise.all(
      [1, 2, 3].map(() => social.send<Post>("POST", "/posts", { by: plain, json, headers })),
    );
    const made = new Set(responses.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(made.size).toBe(1);
    const again = await social.send<Post>("POST", "/posts", { by: plain, json, headers });
    expect([again.status, made.has(again.body.id), again.headers.get("location")]).toEqual([
      201,
      true,
      `/social/posts/${again.body.id}`,
    ]);
    const others = await social.send<Post>("POST", "/posts", { by: other, json, headers });
    expect([others.status, made.has(others.body.id)]).toEqual([201, false]);
  });

  test.each([
    ["0", 404],
    ["999999999", 404],
    ["99999999999999999999", 404],
    ["-1", 400],
    ["1.5", 400],
    ["x", 400],
    ["1 OR 1=1", 400],
    ["1'%20OR%20'1'='1", 400],
  ])("with the id %s is a %i", async (id, status) => {
    const { plain } = social.accounts;
    const json = { title: "Title", content: "Content" };
    expect((await read(id)).status).toBe(status);
    expect((await social.send("PUT", `/posts/${id}`, { by: plain, json })).status).toBe(status);
    expect((await social.send("DELETE", `/posts/${id}`, { by: plain })).status).toBe(status);
  });

  test("rejects an unknown query parameter", async () => {
    const response = await social.send("GET", "/posts/1?expand=owner", { by: social.accounts.plain });
    expect([response.status, named(response)]).toEqual([400, ["expand"]]);
  });
});
