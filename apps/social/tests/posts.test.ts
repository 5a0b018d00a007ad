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

const patch = (id: number, json: object, tag = "*", by = social.accounts.plain) =>
  social.send<Post>("PATCH", `/posts/${id}`, { by, json, headers: { "If-Match": tag } });
const tagOf = async (id: number) => (await read(id)).headers.get("etag") ?? "";
const lists = async (id: number) => {
  const { body } = await social.send<PostWithVotes[]>("GET", "/posts?limit=100", { by: social.accounts.plain });
  return body.findIndex(({ post }) => post.id === id);
};

describe("a version", () => {
  test("is changed by one of several who have its tag, and a vote does not change it", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    const tag = await tagOf(id);
    await social.vote(other, id, 1);
    expect(await tagOf(id)).not.toBe(tag);
    const changes = await Promise.all([1, 2, 3, 4, 5].map((n) => patch(id, { title: `Title ${n}` }, tag)));
    expect(changes.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    const changed = changes.find(({ status }) => status === 200)!;
    expect((await read(id)).body).toEqual({ post: changed.body, votes: 1 });
    expect(changed.body).toMatchObject({ version: 2, content: "Content" });
    expect(changed.headers.get("etag")).toBe(await tagOf(id));
    for (const method of ["PUT", "DELETE"]) {
      const json = method === "PUT" ? { json: { title: "a", content: "b" } } : {};
      const late = await social.send(method, `/posts/${id}`, { by: plain, headers: { "If-Match": tag }, ...json });
      expect(late.status).toBe(412);
    }
    const now = { by: plain, headers: { "If-Match": `W/"x", ${await tagOf(id)}` } };
    expect((await social.send("DELETE", `/posts/${id}`, now)).status).toBe(204);
    expect((await patch(id, {})).status).toBe(404);
  });

  test("is needed for a change in part, and only the owner makes one", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    expect((await social.send("PATCH", `/posts/${id}`, { by: plain, json: {} })).status).toBe(428);
    expect((await patch(id, { title: "Theirs" }, "*", other)).status).toBe(403);
    for (const tag of ['"1"', `W/${await tagOf(id)}`, `"${id + 1}.1-x"`, "x", `${id}.1`]) {
      expect((await patch(id, { title: "b" }, tag)).status, tag).toBe(412);
    }
    const same = await patch(id, { title: "Title", published: true });
    expect([same.status, same.body.version, same.body.editedAt]).toEqual([200, 1, null]);
    const wrong = await social.send("PATCH", `/posts/${id}`, {
      by: plain,
      json: { title: "", votes: 1 },
      headers: { "If-Match": "*" },
    });
    expect([wrong.status, named(wrong)]).toEqual([422, ["title", "votes"]]);
  });

  test("that the client has is not sent again", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    const again = async () =>
      (await social.send("GET", `/posts/${id}`, { by: plain, headers: { "If-None-Match": tag } })).status;
    const tag = await tagOf(id);
    expect(await again()).toBe(304);
    await social.vote(other, id, 1);
    expect(await again()).toBe(200);
  });
});

describe("the history of a post", () => {
  const history = (id: number, query = "", by = social.accounts.plain) =>
    social.send<{ history: { title: string; version: number }[]; nextCursor: string | null }>(
      "GET",
      `/posts/${id}/history${query}`,
      { by },
    );

  test("has what was changed after the publication, latest first, page by page", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain, { title: "Draft", published: false });
    await patch(id, { title: "0" });
    await patch(id, { published: true });
    expect((await history(id, "", other)).body).toEqual({ history: [], nextCursor: null });
    for (let n = 1; n <= 5; n++) await patch(id, { title: String(n) });
    await patch(id, { published: false });
    expect((await history(id, "", other)).status).toBe(404);
    await patch(id, { published: true });
    const titles: string[] = [];
    let query = "?limit=2";
    for (let pages = 0; query !== "" && pages < 9; pages++) {
      const { body } = await history(id, query, other);
      titles.push(...body.history.map(({ title }) => title));
      query = body.nextCursor ? `?limit=2&cursor=${body.nextCursor}` : "";
    }
    expect(titles).toEqual(["4", "3", "2", "1", "0"]);
    const first = (await history(id, "?limit=1", other)).body;
    expect(first.history).toEqual([
      {
        ...{ title: "4", content: "Content", version: expect.any(Number) },
        ...{ writtenAt: expect.any(String), replacedAt: expect.any(String) },
      },
    ]);
    expect((await history(id, "?limit=21")).status).toBe(400);
    expect((await history(id, "?cursor=x")).status).toBe(400);
  });
});

test("a draft that is published is the newest post then, and keeps this place", async () => {
  const { plain } = social.accounts;
  const { id, publishedAt } = await social.post(plain, { published: false });
  expect(publishedAt).toBeNull();
  await social.post(plain);
  const published = (await patch(id, { published: true })).body;
  expect([await lists(id), published.editedAt]).toEqual([0, null]);
  await social.post(plain);
  await patch(id, { published: false });
  const again = (await patch(id, { published: true })).body;
  expect([await lists(id), again.publishedAt]).toEqual([1, published.publishedAt]);
});

test("the tags of a post are the words after #, and follow its text", async () => {
  const { plain } = social.accounts;
  const post = await social.post(plain, {
    title: "#Cali",
    content: "#CAFÉ #Salento #cafe\u0301 C# #1",
    published: false,
  });
  expect(post.tags).toEqual(["café", "cali", "salento"]);
  const published = (await patch(post.id, { content: "#salento #new", published: true })).body;
  expect(published.tags).toEqual(["cali", "new", "salento"]);
  const { db } = social.deps.database;
  const times = await db.execute(`
    SELECT count(*)::int AS others FROM social.post_tags t JOIN social.posts p ON p.id = t.post_id
    WHERE p.id = ${post.id} AND t.listed_at <> p.published_at`);
  expect(times[0]).toEqual({ others: 0 });
  expect((await patch(post.id, { title: "x", content: "y" })).body.tags).toEqual([]);
});

test("a list has the start of a long content", async () => {
  const { plain } = social.accounts;
  const content = `${"é".repeat(499)}👨‍👩‍👧 and more`;
  const { id } = await social.post(plain, { content });
  const { body } = await social.send<PostWithVotes[]>("GET", "/posts?limit=1", { by: plain });
  expect(body[0]!.post).toMatchObject({ id, content: "é".repeat(499), truncated: true });
  expect((await read(id)).body.post).toMatchObject({ content, truncated: false });
});

test("a bookmark is kept once, and shows a post only while it may be seen", async () => {
  const { plain, other } = social.accounts;
  const ids: number[] = [];
  for (let n = 0; n < 5; n++) ids.unshift((await social.post(plain, { title: `Kept ${n}` })).id);
  const bookmark = (method: string, id: number) => social.send(method, `/posts/${id}/bookmark`, { by: other });
  const list = async (query = "") =>
    (
      await social.send<{ posts: PostWithVotes[]; nextCursor: string | null }>("GET", `/bookmarks${query}`, {
        by: other,
      })
    ).body;
  for (const id of ids.toReversed()) expect((await bookmark("PUT", id)).status).toBe(204);
  expect((await bookmark("PUT", ids[4]!)).status).toBe(204);
  await patch(ids[1]!, { published: false });
  const first = await list("?limit=3");
  expect(first.posts.map(({ post }) => post.id)).toEqual([ids[0], ids[2]]);
  const second = await list(`?limit=3&cursor=${first.nextCursor}`);
  expect([second.posts.map(({ post }) => post.id), second.nextCursor]).toEqual([[ids[3], ids[4]], null]);
  expect((await bookmark("PUT", ids[1]!)).status).toBe(404);
  expect([(await bookmark("DELETE", ids[1]!)).status, (await bookmark("DELETE", ids[1]!)).status]).toEqual([204, 404]);
  expect([(await bookmark("DELETE", ids[0]!)).status, (await bookmark("DELETE", ids[0]!)).status]).toEqual([204, 204]);
  expect((await list()).posts).toHaveLength(3);
});

test("who voted for a post is listed page by page", async () => {
  const { plain, other, staff } = social.accounts;
  const { id } = await social.post(plain);
  for (const by of [staff, other, plain]) await social.vote(by, id, 1);
  const list = (query: string, by = plain) =>
    social.send<{ users: { id: number }[]; nextCursor: string | null }>("GET", `/posts/${id}/votes${query}`, { by });
  const first = (await list("?limit=2")).body;
  const second = (await list(`?limit=2&cursor=${first.nextCursor}`)).body;
  const voters = [plain, other, staff].map(({ account }) => account.id).sort((a, b) => a - b);
  expect([...first.users, ...second.users].map((user) => user.id)).toEqual(voters);
  expect(second.nextCursor).toBeNull();
  await patch(id, { published: false });
  expect((await list("", other)).status).toBe(404);
});

describe("a mention", () => {
  const mentioned = async (postId: number) => {
    const rows = await social.deps.database.db.execute<{ user_id: string }>(
      `SELECT user_id FROM social.mentions WHERE post_id = ${postId} ORDER BY comment_id NULLS FIRST, user_id`,
    );
    return rows.map((row) => Number(row.user_id));
  };

  test("is of people who are there, and follows the text of what is published", async () => {
    const { plain, other, staff } = social.accounts;
    const [author, first, second] = [plain.account.id, other.account.id, staff.account.id];
    const { db } = social.deps.database;
    for (const by of [other, staff]) await social.post(by);
    await db.execute(`UPDATE social.profiles SET handle = 'Ben_1', handle_key = 'benl' WHERE id = ${first}`);
    const text = `@ben_1 @benl @user_${second} @user_${author} @user_99999999`;
    const draft = await social.post(plain, { content: text, published: false });
    expect(await mentioned(draft.id)).toEqual([]);
    await patch(draft.id, { published: true });
    expect(await mentioned(draft.id)).toEqual([first, second].sort((a, b) => a - b));
    await patch(draft.id, { content: "Nobody", title: "@BEN_1" });
    expect(await mentioned(draft.id)).toEqual([first]);
    // Who blocks the author is not mentioned by them.
    await db.execute(`INSERT INTO social.hidden (viewer_id, author_id, reason) VALUES (${author}, ${second}, 2)`);
    const post = await social.post(plain, { content: text });
    expect(await mentioned(post.id)).toEqual([first]);
    await db.execute("DELETE FROM social.hidden");
    const { body } = await social.send<{ id: number }>("POST", `/posts/${post.id}/comments`, {
      by: plain,
      json: { content: `Hi @user_${second}` },
    });
    expect(await mentioned(post.id)).toEqual([first, second]);
    await social.send("PATCH", `/comments/${body.id}`, { by: plain, json: { content: "Hi @Ben_1" } });
    expect(await mentioned(post.id)).toEqual([first, first]);
    await social.send("DELETE", `/comments/${body.id}`, { by: plain });
    expect(await mentioned(post.id)).toEqual([first]);
  });
});

describe("a post", () => {
  test("is created, read, replaced and deleted by its owner", async () => {
    const { plain } = social.accounts;
    const json = { title: "Ünï😀 ' \" <b>", content: "Line 1\nLine 2 \\ %_", published: true };
    const made = await social.send<Post>("POST", "/posts", { by: plain, json });
    expect(made.status, made.text).toBe(201);
    const owner = { id: plain.account.id, email: plain.account.email, createdAt: expect.any(String) };
    const author = { id: plain.account.id, handle: `user_${plain.account.id}`, displayName: "" };
    const createdAt = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
    expect(made.body).toEqual({
      ...{ id: expect.any(Number), ...json, truncated: false, tags: [], images: [] },
      ...{ ownerId: plain.account.id, owner, author },
      ...{ createdAt, publishedAt: made.body.createdAt, editedAt: null, version: 1, comments: 0, myVote: 0 },
    });
    const path = `/posts/${made.body.id}`;
    expect(made.headers.get("location")).toBe(`/social${path}`);
    expect((await read(made.body.id)).body).toEqual({ post: made.body, votes: 0 });

    const put = await social.send<Post>("PUT", path, {
      by: plain,
      json: { title: "Other", content: "Text", published: false },
    });
    const edited = { ...made.body, editedAt: createdAt };
    expect([put.status, put.body]).toEqual([
      200,
      { ...edited, title: "Other", content: "Text", published: false, version: 2 },
    ]);
    const whole = await social.send<Post>("PUT", path, {
      by: plain,
      json: { id: made.body.id, title: "A", content: "B" },
    });
    expect(whole.body).toEqual({ ...edited, title: "A", content: "B", published: true, version: 3 });

    const other = await social.send("PUT", path, {
      by: plain,
      json: { id: made.body.id + 1, title: "A", content: "B" },
    });
    expect([other.status, named(other), other.body.detail]).toEqual([422, ["id"], "id: must be the id in the path"]);

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
