import { describe, expect, it } from "vitest";
import type { Client } from "../harness/client.ts";
import type { Installation } from "../harness/installation.ts";
import { grayPng } from "../harness/png.ts";
import { expectProblem } from "../harness/problem.ts";
import { time, unique } from "../harness/values.ts";
import { socialOrder } from "./social-order.ts";

interface Post {
  id: number;
  title: string;
  content: string;
  published: boolean;
  createdAt: string;
  ownerId: number;
}

export function social(quintet: Installation): void {
  const { anyone, plain, other } = quintet;
  const write = async (fields: object = {}, by: Client = plain): Promise<Post> => {
    const answer = await by.post("/social/posts", { title: unique("title"), content: "Some content", ...fields });
    expect(answer.status, answer.text).toBe(201);
    return answer.json() as unknown as Post;
  };
  const vote = (postId: number, dir: number, by: Client = plain) => by.post("/social/vote", { postId, dir });
  const list = async (query: Record<string, string | number>) => {
    const answer = await plain.get("/social/posts", query);
    expect(answer.status, answer.text).toBe(200);
    return answer.json<{ post: Post; votes: number }[]>();
  };

  describe("POST /social/users and /social/login", () => {
    it("make the same account as /auth does", async () => {
      const [email, password] = [`${unique("ana")}@example.com`, "correct horse battery"];
      const made = await anyone.post("/social/users", { email, password });
      expect(made.status, made.text).toBe(201);
      expect(made.json()).toEqual({ id: expect.any(Number), email, createdAt: time });

      const login = await anyone.post("/social/login", new URLSearchParams({ username: email, password }));
      expect(login.status, login.text).toBe(200);
      expect(login.json()).toEqual({ access_token: expect.any(String), token_type: "bearer" });
      const ana = anyone.with({ Authorization: `Bearer ${login.json().access_token}` });
      expect((await ana.get("/auth/me")).json()).toMatchObject({ id: made.json().id, email });

      const shown = await plain.get(`/social/users/${made.json().id}`);
      expect(shown.status).toBe(200);
      expect(shown.json()).toMatchObject({ id: made.json().id, handle: `user_${made.json().id}`, displayName: "" });
      expect((await ana.get("/social/users/me")).json()).toMatchObject(made.json());
      expectProblem(await anyone.post("/social/users", { email, password }), 409);
    });

    it("refuse what is no address, and wrong passwords with 403", async () => {
      expectProblem(
        await anyone.post("/social/users", { email: "no address", password: "long enough 1" }),
        422,
        "email",
      );
      expectProblem(await anyone.post("/social/users", { email: "a@example.com" }), 422, "password");
      for (const username of [plain.username, plain.email, unique("nobody"), "' OR '1'='1"]) {
        const answer = await anyone.post("/social/login", new URLSearchParams({ username, password: "wrong" }));
        expect(expectProblem(answer, 403).detail).toBe("Invalid Credentials");
      }
      expectProblem(await anyone.post("/social/login", new URLSearchParams({ username: "x" })), 422, "password");
      const odd = new URLSearchParams({ username: "x", password: "y", unknown: "1" });
      expectProblem(await anyone.post("/social/login", odd), 422, "unknown");
    });

    it("give a handle, which its holder may change", async () => {
      const handle = unique("bird").replace(/\W/g, "");
      const email = `${handle}@example.com`;
      const password = "correct horse battery";
      const made = await anyone.post("/social/users", { email, password, handle });
      expect([made.status, made.json()]).toMatchObject([201, { handle }]);
      const fields = { username: email, password, grant_type: "password", scope: "", client_id: "", client_secret: "" };
      const login = await anyone.post("/social/login", new URLSearchParams(fields));
      const bird = anyone.with({ Authorization: `Bearer ${login.json().access_token}` });
      expectProblem(await anyone.post("/social/users", { email: `x${email}`, password, handle }), 409, "handle");
      expectProblem(await plain.patch("/social/users/me", { handle: handle.toUpperCase() }), 409, "handle");
      expectProblem(await plain.patch("/social/users/me", { handle: "admin" }), 422, "handle");
      const changed = await bird.patch("/social/users/me", { handle: `${handle}2`, bio: "Sings." });
      expect([changed.status, changed.json()]).toMatchObject([200, { handle: `${handle}2`, bio: "Sings.", email }]);
      for (const name of [handle, `${handle}2`]) {
        const shown = (await plain.get(`/social/users/@${name}`)).json();
        expect(shown).toMatchObject({ id: made.json().id, handle: `${handle}2` });
        expect(shown).not.toHaveProperty("email");
      }
    });

    it("give and take all that is one's own", async () => {
      const name = unique("leaver").replace(/\W/g, "");
      const password = "correct horse battery";
      const made = await anyone.post("/social/users", { email: `${name}@example.com`, password, handle: name });
      const login = await anyone.post(
        "/social/login",
        new URLSearchParams({ username: `${name}@example.com`, password }),
      );
      const leaver = anyone.with({ Authorization: `Bearer ${login.json().access_token}` });
      const { id } = await write({ title: "Mine" }, leaver);
      const exported = await leaver.get("/social/users/me/export");
      expect([exported.status, exported.json()]).toMatchObject([200, { posts: [{ id, title: "Mine" }], votes: [] }]);
      expectProblem(await leaver.get("/social/users/me/removal"), 404);
      const gone = await leaver.send("DELETE", "/social/users/me", { keepPosts: false });
      expect([gone.status, gone.headers.location]).toEqual([202, "/social/users/me/removal"]);
      expect((await leaver.get("/social/users/me/removal")).json()).toMatchObject({
        state: "running",
        keepPosts: false,
      });
      expectProblem(await plain.get(`/social/posts/${id}`), 404);
      expectProblem(await plain.get(`/social/users/${made.json().id}`), 404);
      expectProblem(await leaver.post("/social/posts", { title: "Late", content: "x" }), 403);
    });

    it("show nobody who is not there", async () => {
      expectProblem(await plain.get("/social/users/999999999"), 404);
      expectProblem(await anyone.get("/social/users/1"), 401);
    });
  });

  describe("follow, block and mute", () => {
    const change = (by: Client, method: "PUT" | "DELETE", id: number | string, verb: string) =>
      by.send(method, `/social/users/${id}/${verb}`);
    const profile = async () => (await plain.get(`/social/users/${other.id}`)).json();
    const users = async (by: Client, path: string) => {
      const answer = await by.get(`/social/users/${path}`);
      expect(answer.status, answer.text).toBe(200);
      return answer.json<{ users: { id: number }[]; nextCursor: string | null }>().users.map(({ id }) => id);
    };

    it("are done and undone, as often as asked", async () => {
      for (const by of [plain, other]) expect((await by.get(`/social/users/${by.id}`)).status).toBe(200);
      for (const [verb, field] of [
        ["follow", "followed"],
        ["mute", "muted"],
        ["block", "blocked"],
      ] as const) {
        for (const method of ["PUT", "PUT", "DELETE", "DELETE"] as const) {
          const answer = await change(plain, method, other.id, verb);
          expect([answer.status, answer.text]).toEqual([204, ""]);
          expect(await profile()).toMatchObject({ [field]: method === "PUT" });
        }
        for (const method of ["PUT", "DELETE"] as const) {
          expectProblem(await change(plain, method, plain.id, verb), 422, "id");
          expectProblem(await change(plain, method, "@nobody_at_all", verb), 404);
        }
        expectProblem(await change(plain, "PUT", 999_999_999, verb), 404);
      }
    });

    it("are listed for those who may see them", async () => {
      await change(plain, "PUT", `@user_${other.id}`, "follow");
      expect(await users(other, `${other.id}/followers`)).toContain(plain.id);
      expect(await users(other, `@user_${plain.id}/following`)).toContain(other.id);
      for (const list of ["followers", "following"]) expectProblem(await plain.get(`/social/users/0/${list}`), 404);
      await change(plain, "PUT", other.id, "mute");
      expect(await users(plain, "me/mutes")).toEqual([other.id]);
      await change(plain, "DELETE", other.id, "mute");
      await change(plain, "PUT", other.id, "block");
      expect(await users(plain, "me/blocks")).toEqual([other.id]);
      expect(await users(plain, `${plain.id}/following`)).not.toContain(other.id);
      expectProblem(await change(plain, "PUT", other.id, "follow"), 409);
      expectProblem(await change(other, "PUT", plain.id, "follow"), 404);
      expectProblem(await other.get(`/social/users/${plain.id}`), 404);
      await change(plain, "DELETE", other.id, "block");
      expectProblem(await plain.get("/social/users/me/blocks", { cursor: "x" }), 400, "cursor");
    });
  });

  describe("posts", () => {
    it("are made, shown, changed and deleted", async () => {
      const input = { title: "Ünï😀' \"<b>", content: "Line 1\nLine 2", published: false };
      const made = await write(input);
      expect(made).toMatchObject({ id: expect.any(Number), ...input, createdAt: time, ownerId: plain.id });

      const shown = await plain.get(`/social/posts/${made.id}`);
      expect(shown.status).toBe(200);
      const owner = { id: plain.id, email: plain.email, createdAt: time };
      expect(shown.json()).toEqual({ post: { ...made, owner }, votes: 0 });

      const changed = { title: "Other", content: "Text", published: true };
      const put = await plain.put(`/social/posts/${made.id}`, changed);
      expect(put.status, put.text).toBe(200);
      expect(put.json()).toMatchObject({ id: made.id, ...changed, createdAt: made.createdAt });

      const gone = await plain.delete(`/social/posts/${made.id}`);
      expect([gone.status, gone.text]).toEqual([204, ""]);
      expectProblem(await plain.get(`/social/posts/${made.id}`), 404);
      expectProblem(await plain.delete(`/social/posts/${made.id}`), 404);
      expectProblem(await plain.put(`/social/posts/${made.id}`, changed), 404);
    });

    it("are changed and deleted by their owner only", async () => {
      const { id, title } = await write();
      expectProblem(await other.put(`/social/posts/${id}`, { title: "Mine", content: "now" }), 403);
      expectProblem(await other.delete(`/social/posts/${id}`), 403);
      expect((await plain.get(`/social/posts/${id}`)).json()).toMatchObject({ post: { title } });
    });

    it.each([
      ["title", undefined],
      ["title", ""],
      ["title", 1],
      ["title", "nul\u0000"],
      ["content", undefined],
      ["content", null],
      ["published", "yes"],
    ])("are refused when %s is %j", async (field, value) => {
      const body = { title: "Title", content: "Content", published: true, [field]: value };
      expectProblem(await plain.post("/social/posts", body), 422, field);
    });

    it("are changed in part by their version, and show what they were", async () => {
      const { id } = await write({ content: "The #First text" });
      const path = `/social/posts/${id}`;
      const shown = await plain.get(path);
      const at = (tag: string) => ({ headers: { "If-Match": tag } });
      const tag = String(shown.headers.etag);
      expect(shown.json()).toMatchObject({ post: { tags: ["first"], publishedAt: time, editedAt: null, myVote: 0 } });
      expect((await plain.with({ "If-None-Match": tag }).get(path)).status).toBe(304);
      const changed = await plain.patch(path, { content: "Other" }, at(tag));
      expect([changed.status, changed.json().content, changed.json().editedAt]).toEqual([200, "Other", time]);
      expectProblem(await plain.patch(path, { content: "Late" }, at(tag)), 412);
      expectProblem(await plain.put(path, { title: "a", content: "b" }, at(tag)), 412);
      expectProblem(await plain.send("DELETE", path, undefined, at(tag)), 412);
      expectProblem(await plain.patch(path, { content: "Blind" }), 428);
      expectProblem(await plain.patch(path, { title: "" }, at("*")), 422, "title");
      expectProblem(await other.patch(path, { content: "Mine" }, at("*")), 403);
      expectProblem(await plain.patch("/social/posts/999999999", { content: "x" }, at("*")), 404);
      expect((await other.get(`${path}/history`)).json()).toEqual({
        history: [
          { version: 1, title: expect.any(String), content: "The #First text", writtenAt: time, replacedAt: time },
        ],
        nextCursor: null,
      });
      expectProblem(await plain.get(`${path}/history`, { limit: 21 }), 400, "limit");
      expectProblem(await plain.get("/social/posts/999999999/history"), 404);
    });

    it("are bookmarked by anybody who sees them, and show who voted", async () => {
      const { id } = await write();
      const path = `/social/posts/${id}`;
      for (let n = 0; n < 2; n++) expect((await other.put(`${path}/bookmark`)).status).toBe(204);
      expect((await other.get("/social/bookmarks", { limit: 1 })).json()).toMatchObject({ posts: [{ post: { id } }] });
      for (let n = 0; n < 2; n++) expect((await other.delete(`${path}/bookmark`)).status).toBe(204);
      expectProblem(await other.put("/social/posts/999999999/bookmark"), 404);
      expectProblem(await other.delete("/social/posts/999999999/bookmark"), 404);
      await vote(id, 1, other);
      const voter = { id: other.id, handle: expect.any(String), displayName: expect.any(String) };
      expect((await plain.get(`${path}/votes`)).json()).toEqual({ users: [voter], nextCursor: null });
      expectProblem(await plain.get("/social/posts/999999999/votes"), 404);
    });

    it("have images, which are uploaded first", async () => {
      const png = { headers: { "Content-Type": "image/png" } };
      const upload = (file: Buffer) => plain.post("/social/images", file, png);
      const made = await upload(grayPng(40, 30));
      expect(made.status, made.text).toBe(201);
      const image = made.json<{ id: string; url: string }>();
      expect(image).toEqual({ id: expect.any(String), url: `/social/images/${image.id}`, width: 40, height: 30 });
      expect((await plain.get("/social/images")).json()).toMatchObject({ images: [image] });
      expectProblem(await other.get(image.url), 404);
      const post = await write({ images: [{ id: image.id, alt: "A gray field" }] });
      expect(post).toMatchObject({ images: [{ ...image, alt: "A gray field" }] });
      const shown = await other.get(image.url, { width: 320 });
      expect([shown.status, shown.headers["content-type"]]).toEqual([200, "image/webp"]);
      expect((await other.with({ "If-None-Match": String(shown.headers.etag) }).get(image.url)).status).toBe(304);
      expectProblem(await upload(Buffer.from("<svg/>")), 422, "file");
      expectProblem(await plain.post("/social/posts", { title: "a", content: "b", images: [{ id: image.id }] }), 422);
      const left = Array.from({ length: 21 }, (_, n) => upload(grayPng(n + 1, 1)));
      expect((await Promise.all(left)).map(({ status }) => status)).toContain(409);
      const free = (await plain.get("/social/images")).json<{ images: { id: string }[] }>().images;
      expect(free).toHaveLength(20);
      const four = (n: number) => free.slice(4 * n, 4 * n + 4).map(({ id }) => ({ id }));
      for (let n = 0; n < 5; n++) await write({ images: four(n) });
    });

    it("cannot be given to somebody else", async () => {
      expectProblem(await plain.post("/social/posts", { title: "a", content: "b", ownerId: 1 }), 422, "ownerId");
    });

    it("are made once for the same Idempotency-Key", async () => {
      const once = plain.with({ "Idempotency-Key": unique("key") });
      const body = { title: unique("once"), content: "Content" };
      const first = await once.post("/social/posts", body);
      const again = await once.post("/social/posts", body);
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      expect(await list({ search: body.title })).toHaveLength(1);
      expectProblem(await once.post("/social/posts", { ...body, content: "Other" }), 422);
      const ofAnother = other.with(once.headers).with({ Authorization: other.headers.Authorization ?? "" });
      expect((await ofAnother.post("/social/posts", { ...body, content: "Other" })).status).toBe(201);
    });
  });

  describe("GET /social/posts", () => {
    it("lists posts with their owners and votes, searched, by limit and skip", async () => {
      const word = unique("word");
      const posts: Post[] = [];
      for (let i = 0; i < 3; i++) posts.push(await write({ title: `The ${word} ${i}` }));
      await vote(posts[1]?.id ?? 0, 1);
      await vote(posts[1]?.id ?? 0, 1, other);
      const found = await list({ search: word });
      expect(found.map(({ post }) => post.id).sort()).toEqual(posts.map((post) => post.id).sort());
      expect(found.find(({ post }) => post.id === posts[1]?.id)).toEqual({
        post: { ...posts[1], myVote: 1, owner: { id: plain.id, email: plain.email, createdAt: time } },
        votes: 2,
      });
      const pages = [...(await list({ search: word, limit: 2 })), ...(await list({ search: word, limit: 2, skip: 2 }))];
      expect(pages).toEqual(found);
      expect(await list({ search: word, skip: 3 })).toEqual([]);
      expect(await list({ search: unique("absent") })).toEqual([]);
      expect((await list({})).length).toBeLessThanOrEqual(10);
    });

    it("takes the signs of LIKE as text", async () => {
      const word = unique("like");
      await write({ title: `${word} 100%_sure` });
      expect(await list({ search: `${word} 100%_` })).toHaveLength(1);
      expect(await list({ search: `${word}%sure` })).toEqual([]);
      expect(await list({ search: "' OR 1=1 --" })).toEqual([]);
    });

    it.each([
      ["limit", 0],
      ["limit", 101],
      ["limit", "x"],
      ["skip", -1],
      ["skip", "1.5"],
    ])("refuses %s=%s", async (name, value) => {
      expectProblem(await plain.get("/social/posts", { [name]: value }), 400, name);
    });
  });

  describe("comments", () => {
    const comment = async (postId: number, body: object, by: Client = plain) => {
      const answer = await by.post(`/social/posts/${postId}/comments`, { content: "Said", ...body });
      expect(answer.status, answer.text).toBe(201);
      return answer.json<{ id: number; depth: number }>();
    };

    it("are a tree, whose comments keep their place when they are deleted", async () => {
      const post = await write();
      const top = await comment(post.id, { content: "First" });
      const reply = await comment(post.id, { content: "Second", parentId: top.id }, other);
      expect(reply).toMatchObject({ depth: 1, content: "Second", author: { id: other.id }, votes: 0, deleted: false });
      const path = `/social/comments/${top.id}`;
      expect((await plain.patch(path, { content: "Changed" })).json()).toMatchObject({ editedAt: time, replies: 1 });
      expectProblem(await other.patch(path, { content: "Mine" }), 403);
      expectProblem(await other.delete(path), 403);
      expect((await plain.delete(path)).status).toBe(204);
      expectProblem(await plain.get(path), 404);
      expectProblem(await plain.patch(path, { content: "Again" }), 404);
      expectProblem(await plain.delete(path), 404);
      expect((await plain.get(`/social/comments/${reply.id}`)).json()).toEqual(reply);
      expect((await plain.get(`/social/posts/${post.id}/comments`, { sort: "new", depth: 1 })).json()).toMatchObject({
        comments: [{ id: top.id, deleted: true, content: "", author: null, children: [{ ...reply, children: [] }] }],
        nextCursor: null,
      });
      expect((await plain.get(`/social/posts/${post.id}`)).json()).toMatchObject({ post: { comments: 1 } });
    });

    it("are read page by page at each level", async () => {
      const { id } = await write();
      const top = await comment(id, {});
      const replies = [await comment(id, { parentId: top.id }), await comment(id, { parentId: top.id })];
      await comment(id, {});
      const list = async (query: Record<string, string | number>) =>
        (await plain.get(`/social/posts/${id}/comments`, { sort: "old", replies: 1, ...query })).json<{
          comments: { id: number; children: { id: number }[]; more: string | null }[];
          nextCursor: string | null;
        }>();
      const first = await list({ limit: 1 });
      expect(first.comments).toMatchObject([
        { id: top.id, children: [{ id: replies[0]?.id }], more: expect.any(String) },
      ]);
      const more = await list({ cursor: String(first.comments[0]?.more) });
      expect(more).toMatchObject({ comments: [{ id: replies[1]?.id }], nextCursor: null });
      expect((await list({ cursor: String(first.nextCursor) })).nextCursor).toBeNull();
      expectProblem(await plain.get(`/social/posts/${id}/comments`, { sort: "worst" }), 400, "sort");
      expectProblem(await plain.get(`/social/posts/${id}/comments`, { cursor: "x" }), 400, "cursor");
    });

    it("need a post, a comment of it to reply to, and a text", async () => {
      const { id } = await write();
      const elsewhere = await comment((await write()).id, {});
      expectProblem(await plain.post("/social/posts/999999999/comments", { content: "x" }), 404);
      expectProblem(await plain.get("/social/posts/999999999/comments"), 404);
      const path = `/social/posts/${id}/comments`;
      expectProblem(await plain.post(path, { content: "x", parentId: elsewhere.id }), 422, "parentId");
      expectProblem(await plain.post(path, { content: "" }), 422, "content");
    });

    it("have one vote of each account, however often it votes", async () => {
      const { id } = await comment((await write()).id, {});
      const path = `/social/comments/${id}`;
      const vote = async (method: "PUT" | "DELETE") => {
        const answers = await Promise.all([1, 2, 3].map(() => other.send(method, `${path}/vote`)));
        expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
        return (await other.get(path)).json();
      };
      expect(await vote("PUT")).toMatchObject({ votes: 1, myVote: 1 });
      expect(await vote("DELETE")).toMatchObject({ votes: 0, myVote: 0 });
      expectProblem(await plain.put("/social/comments/999999999/vote"), 404);
      expectProblem(await plain.delete("/social/comments/999999999/vote"), 404);
    });
  });

  describe("POST /social/vote", () => {
    it("counts once: the second is 409, removing none is 404", async () => {
      const { id } = await write();
      const votes = async () => (await plain.get(`/social/posts/${id}`)).json().votes;
      expect((await vote(id, 1)).status).toBe(201);
      expectProblem(await vote(id, 1), 409);
      expect(await votes()).toBe(1);
      expect((await vote(id, 0)).status).toBe(201);
      expectProblem(await vote(id, 0), 404);
      expect(await votes()).toBe(0);
    });

    it("counts once under a race", async () => {
      const { id } = await write();
      const answers = await Promise.all(Array.from({ length: 8 }, () => vote(id, 1)));
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
      expect((await plain.get(`/social/posts/${id}`)).json()).toMatchObject({ votes: 1 });
    });

    it("needs a post that is there and a direction of 1 or 0", async () => {
      expectProblem(await vote(999_999_999, 1), 404);
      expectProblem(await vote(999_999_999, 0), 404);
      expectProblem(await vote(1, 2), 422, "dir");
      expect((await plain.post("/social/vote", { post_id: (await write()).id, dir: 1 })).status).toBe(201);
      expectProblem(await plain.post("/social/vote", { post_id: 1, postId: 1, dir: 1 }), 422, "post_id");
      expectProblem(await plain.post("/social/vote", { postId: "1 OR 1=1", dir: 1 }), 422, "postId");
      expectProblem(await plain.post("/social/vote", { dir: 1 }), 422, "postId");
    });
  });

  describe("feeds", () => {
    interface Feed {
      posts: { post: Post; votes: number }[];
      nextCursor: string | null;
      prevCursor: string | null;
    }
    const feed = async (path: string, query: Record<string, string | number> = {}) => {
      const answer = await plain.get(path, query);
      expect(answer.status, answer.text).toBe(200);
      const page = answer.json<Feed>();
      return { ...page, ids: page.posts.map(({ post }) => post.id) };
    };

    it.each(["/social/home", "/social/feed", `/social/users/{id}/posts`])("%s is read by cursor", async (template) => {
      const path = template.replace("{id}", String(plain.id));
      const ids: number[] = [];
      for (let i = 0; i < 3; i++) ids.unshift((await write()).id);
      const draft = await write({ published: false });
      const found: number[] = [];
      let page = await feed(path, { limit: 1 });
      const { prevCursor } = page;
      while (found.push(...page.ids) < 100 && page.nextCursor !== null && !found.includes(ids[2] ?? 0)) {
        page = await feed(path, { limit: 1, cursor: page.nextCursor });
      }
      expect(found.filter((id) => ids.includes(id))).toEqual(ids);
      expect(found).not.toContain(draft.id);
      expect(await feed(path, { cursor: prevCursor ?? "" })).toMatchObject({ prevCursor: expect.any(String) });
      expectProblem(await plain.get(path, { cursor: "forged" }), 400, "cursor");
      expectProblem(await plain.get(path, { limit: 0 }), 400, "limit");
      expectProblem(await anyone.get(path), 401);
    });

    it("of all are hot, top, and those of a tag", async () => {
      const tag = unique("tag").replace(/\W/g, "");
      const { id } = await write({ title: `#${tag}` });
      await vote(id, 1);
      expect((await feed(`/social/tags/${tag.toUpperCase()}`)).ids).toEqual([id]);
      for (const query of [{ sort: "hot" }, { sort: "top" }, { sort: "top", window: "month" }]) {
        const page = await feed("/social/feed", { ...query, limit: 1 });
        expect(page).toMatchObject({ prevCursor: null, ids: [expect.any(Number)] });
      }
      expectProblem(await plain.get("/social/feed", { sort: "best" }), 400, "sort");
      expectProblem(await plain.get("/social/feed", { sort: "hot", window: "day" }), 400, "window");
      expectProblem(await plain.get("/social/feed", { sort: "top", window: "year" }), 400, "window");
    });

    it("are searched by words, people and tags too", async () => {
      const word = unique("kumquat").replace(/\W/g, "");
      const { id } = await write({ title: `A ${word} #${word}` });
      const search = async (query: Record<string, string>) => (await plain.get("/social/search", query)).json();
      const { posts } = await search({ q: word.toUpperCase() });
      expect(posts).toEqual([expect.objectContaining({ post: expect.objectContaining({ id }), votes: 0 })]);
      expect(posts).toMatchObject([
        { highlight: { title: expect.arrayContaining([{ text: word, match: true }]), content: expect.any(Array) } },
      ]);
      expect(await search({ q: `#${word}`, in: "tags" })).toMatchObject({
        tags: [{ tag: word.toLowerCase(), posts: 1 }],
      });
      expect(await search({ q: unique("nobody"), in: "people" })).toMatchObject({ people: [], nextCursor: null });
      expectProblem(await plain.get("/social/search", { q: "++" }), 400, "q");
      expectProblem(await plain.get("/social/search", { q: "a", in: "all" }), 400, "in");
      expectProblem(await anyone.get("/social/search", { q: "a" }), 401);
    });

    it("of a person who is not there are a 404", async () => {
      expectProblem(await plain.get("/social/users/999999999/posts"), 404);
    });
  });
  describe("reports", () => socialOrder(quintet));
}
