import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { treeStatement } from "../src/comments/comment-tree-queries.ts";
import { sql } from "../src/database/drizzle.ts";
import { everybody, hiddenReasons } from "../src/database/schema.ts";
import { named, type OpenSocial, openSocial } from "./open-social.ts";

interface Comment {
  id: number;
  parentId: number | null;
  depth: number;
  content: string;
  author: { id: number } | null;
  createdAt: string | null;
  editedAt: string | null;
  deleted: boolean;
  votes: number;
  myVote: number;
  replies: number;
}

interface Node extends Comment {
  children: Node[];
  more: string | null;
}

interface Tree {
  comments: Node[];
  nextCursor: string | null;
}

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

const { stringify } = JSON;
type Account = OpenSocial["accounts"]["plain"];

const say = (postId: number, content: string, parentId?: number, by: Account = social.accounts.plain) =>
  social.send<Comment>("POST", `/posts/${postId}/comments`, { by, json: { content, ...(parentId && { parentId }) } });
const add = async (...args: Parameters<typeof say>) => {
  const made = await say(...args);
  expect(made.status, made.text).toBe(201);
  return made.body;
};
const get = (id: number, by: Account = social.accounts.plain) => social.send<Comment>("GET", `/comments/${id}`, { by });
const vote = (method: "PUT" | "DELETE", id: number, by: Account = social.accounts.plain) =>
  social.send(method, `/comments/${id}/vote`, { by });
const remove = (id: number, by: Account = social.accounts.plain) => social.send("DELETE", `/comments/${id}`, { by });
const read = async (postId: number, query = "", by: Account = social.accounts.plain) => {
  const response = await social.send<Tree>("GET", `/posts/${postId}/comments${query}`, { by });
  expect(response.status, response.text).toBe(200);
  return response.body;
};
const counted = async (postId: number, by: Account = social.accounts.plain) =>
  (await social.send<{ post: { comments: number } }>("GET", `/posts/${postId}`, { by })).body.post.comments;

/** All comments of a post in the order of the tree, by following every cursor. */
async function walk(postId: number, query: string, by: Account = social.accounts.plain): Promise<Node[]> {
  const all: Node[] = [];
  const level = async (more: string): Promise<void> => {
    const { comments, nextCursor } = await read(postId, `${query}${more}`, by);
    for (const node of comments) await visit(node);
    if (nextCursor) await level(`&cursor=${nextCursor}`);
  };
  const visit = async (node: Node): Promise<void> => {
    all.push(node);
    for (const child of node.children) await visit(child);
    if (node.more) await level(`&cursor=${node.more}`);
  };
  await level("");
  return all;
}

/** Counters that differ from the rows that they count. */
async function wrongCounters() {
  const { db } = social.deps.database;
  const rows = await db.execute(sql`
    with live as (select * from social.comments where deleted_at is null and removed_at is null)
    select c.id from social.comments c left join social.comment_counters k on k.comment_id = c.id
    where (k.post_id, k.parent_id, k.votes, k.replies, k.children) is distinct from (
      c.post_id, coalesce(c.parent_id, 0), (select count(*)::int from social.comment_votes v where v.comment_id = c.id),
      (select count(*)::int from live r where r.parent_id = c.id),
      (select count(*)::int from social.comments r where r.parent_id = c.id))
    union all
    select post_id from social.post_counters p
    where comments <> (select count(*) from live where post_id = p.post_id)
      or votes <> (select count(*) from social.votes v where v.post_id = p.post_id)`);
  return [...rows];
}

describe("a comment", () => {
  test("is added, changed and deleted by its author, and its replies stay", async () => {
    const { plain, other } = social.accounts;
    const { id: postId } = await social.post(plain);
    const made = await say(postId, "First 😀", undefined, other);
    expect(made.headers.get("location")).toBe(`/social/comments/${made.body.id}`);
    const { id } = made.body;
    expect(made.body).toEqual({
      ...{ id, postId, parentId: null, depth: 0, deleted: false, content: "First 😀" },
      ...{ author: expect.objectContaining({ id: other.account.id }), createdAt: expect.any(String), editedAt: null },
      ...{ votes: 0, myVote: 0, replies: 0 },
    });
    const reply = await add(postId, "Reply", id);
    expect([reply.depth, reply.parentId, await counted(postId)]).toEqual([1, id, 2]);
    for (const [method, json] of [
      ["PATCH", { content: "Mine" }],
      ["PATCH", { content: "" }],
      ["DELETE", undefined],
    ] as const) {
      expect((await social.send(method, `/comments/${id}`, { by: plain, ...(json && { json }) })).status).toBe(403);
    }
    const change = (content: string) =>
      social.send<Comment>("PATCH", `/comments/${id}`, { by: other, json: { content } });
    expect((await change("First 😀")).body.editedAt).toBeNull();
    const changed = await change("Second");
    expect(changed.body).toEqual({ ...made.body, content: "Second", editedAt: expect.any(String), replies: 1 });
    expect([(await remove(id, other)).status, (await remove(id, other)).status]).toEqual([204, 404]);
    expect([(await get(id)).status, (await change("Again")).status, (await vote("PUT", id)).status]).toEqual([
      404, 404, 404,
    ]);
    const { comments } = await read(postId);
    expect(comments).toEqual([
      {
        ...{ id, postId, parentId: null, depth: 0, deleted: true, content: "", author: null, createdAt: null },
        ...{
          editedAt: null,
          votes: 0,
          myVote: 0,
          replies: 1,
          children: [{ ...reply, children: [], more: null }],
          more: null,
        },
      },
    ]);
    expect(await counted(postId)).toBe(1);
    const onDeleted = await say(postId, "Late", id);
    expect([onDeleted.status, named(onDeleted as never)]).toEqual([422, ["parentId"]]);
  });

  test("needs a post and a comment that its author sees, and is at most 50 levels deep", async () => {
    const { plain, other } = social.accounts;
    const [first, second] = [await social.post(plain), await social.post(plain)];
    const draft = await social.post(plain, { published: false });
    expect((await say(draft.id, "Mine")).status).toBe(201);
    expect((await say(draft.id, "Theirs", undefined, other)).status).toBe(404);
    expect((await say(999_999_999, "Nowhere")).status).toBe(404);
    const elsewhere = await say(second.id, "Elsewhere", (await add(first.id, "Here")).id);
    expect([elsewhere.status, named(elsewhere as never)]).toEqual([422, ["parentId"]]);
    let parent: number | undefined;
    for (let depth = 0; depth <= 50; depth++) parent = (await add(first.id, `${depth}`, parent)).id;
    const tooDeep = await say(first.id, "51", parent);
    expect([tooDeep.status, named(tooDeep as never)]).toEqual([422, ["parentId"]]);
    expect((await walk(first.id, "?limit=1&depth=4&replies=1&sort=old")).length).toBe(52);
  });

  test.each([
    ["content", ""],
    ["content", " \u200b"],
    ["content", "nul\u0000"],
    ["content", "x".repeat(10_001)],
    ["content", undefined],
    ["parentId", 0],
    ["parentId", "1"],
    ["votes", 1],
  ])("is rejected when %s is %j", async (field, value) => {
    const { plain } = social.accounts;
    const json = { content: "Text", [field]: value };
    const response = await social.send("POST", "/posts/1/comments", { by: plain, json });
    expect([response.status, named(response)]).toEqual([422, [field]]);
  });

  test("is added once for the same Idempotency-Key", async () => {
    const { plain } = social.accounts;
    const { id } = await social.post(plain);
    const sent = { by: plain, json: { content: "Once" }, headers: { "Idempotency-Key": "comment" } };
    const [first, again] = [
      await social.send<Comment>("POST", `/posts/${id}/comments`, sent),
      await social.send<Comment>("POST", `/posts/${id}/comments`, sent),
    ];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    expect(await counted(id)).toBe(1);
  });

  test("goes with its post", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    const comment = await add(id, "Going");
    await vote("PUT", comment.id, other);
    expect((await social.send("DELETE", `/posts/${id}`, { by: plain })).status).toBe(204);
    expect((await get(comment.id)).status).toBe(404);
    expect((await social.send("GET", `/posts/${id}/comments`, { by: plain })).status).toBe(404);
    expect((await vote("DELETE", comment.id, other)).status).toBe(404);
  });
});

describe("comments of authors whom the viewer does not see", () => {
  test.each(["blocked", "blockedBy", "muted", "suspended", "removed"] as const)(
    "%s: only their place",
    async (state) => {
      const { plain, other } = social.accounts;
      const { db } = social.deps.database;
      const { id: postId } = await social.post(social.accounts.staff);
      const theirs = await add(postId, "zebrafinch", undefined, other);
      const mine = await add(postId, "Mine", theirs.id);
      await vote("PUT", theirs.id, plain);
      if (state === "removed") {
        await db.execute(sql`update social.comments set removed_at = now() where id = ${theirs.id}`);
      } else {
        await db.execute(sql`insert into social.hidden (viewer_id, author_id, reason) values
        (${state === "suspended" ? everybody : plain.account.id}, ${other.account.id}, ${hiddenReasons[state]})`);
      }
      try {
        const { comments } = await read(postId);
        expect(stringify(comments)).not.toMatch(new RegExp(`zebrafinch|"id":${other.account.id},"handle"`));
        expect(comments[0]).toMatchObject({ id: theirs.id, deleted: true, votes: 0, children: [{ id: mine.id }] });
        expect([(await get(theirs.id)).status, (await vote("PUT", theirs.id)).status]).toEqual([404, 404]);
        expect((await vote("DELETE", theirs.id)).status).toBe(204);
        expect((await say(postId, "Reply", theirs.id)).status).toBe(422);
        expect(await counted(postId)).toBe(1);
      } finally {
        await db.execute(sql`delete from social.hidden`);
      }
      expect(await wrongCounters()).toEqual([]);
    },
  );
});

describe("the tree", () => {
  let postId: number;
  /** A thread of 2,000 comments on the post and 300 replies to the third of them; every seventh has votes. */
  beforeAll(async () => {
    const { plain, other } = social.accounts;
    postId = (await social.post(plain)).id;
    await add(postId, "First", undefined, other);
    const { db } = social.deps.database;
    const author = plain.account.id;
    await db.execute(sql`insert into social.comments (post_id, depth, author_id, content)
      select ${postId}, 0, ${author}, 'c' || i from generate_series(1, 1999) i`);
    await db.execute(sql`insert into social.comments (post_id, parent_id, depth, author_id, content)
      select ${postId}, (select min(id) + 2 from social.comments where post_id = ${postId}), 1, ${author}, 'r' || i
      from generate_series(1, 300) i`);
    await db.execute(sql`with voted as (
        insert into social.comment_votes select id, u from social.comments, unnest(array[${author}, ${other.account.id}]::bigint[]) u
        where post_id = ${postId} and id % 7 = 0 and (u = ${author} or id % 2 = 0) returning comment_id)
      update social.comment_counters k set votes = v.count
      from (select comment_id, count(*)::int as count from voted group by 1) v where v.comment_id = k.comment_id`);
    await db.execute(sql`analyze social.comments, social.comment_counters`);
  });

  test.each(["top", "new", "old"])(
    "by %s has every comment once, page by page, each below its parent",
    async (sort) => {
      const all = await walk(postId, `?sort=${sort}&limit=100&replies=7`);
      expect(new Set(all.map(({ id }) => id)).size).toBe(2300);
      expect(all.length).toBe(2300);
      for (const level of Map.groupBy(all, ({ parentId }) => parentId).values()) {
        const ids = level.map(({ id }) => id);
        const votes = new Map(level.map((comment) => [comment.id, comment.votes]));
        const expected = ids.toSorted((a, b) =>
          sort === "old" ? a - b : (sort === "top" ? votes.get(b)! - votes.get(a)! : 0) || b - a,
        );
        expect(ids).toEqual(expected);
      }
      expect(await wrongCounters()).toEqual([]);
    },
  );

  test("is read in few rows, however long the thread is", async () => {
    const { db } = social.deps.database;
    const client = postgres(social.postgresUrl, { max: 1 });
    const viewer = social.accounts.plain.account.id;
    for (const sort of ["top", "new", "old"] as const) {
      const range = { postId, parentId: 0, sort, after: { votes: 1, id: 900 }, limit: 11, replies: 3, depth: 3 };
      const { sql: text, params } = treeStatement(db, viewer, range).toSQL();
      const [row] = await client.unsafe<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }[]>(
        `explain (analyze, buffers, format json) ${text}`,
        params as never[],
      );
      const buffers = row!["QUERY PLAN"][0].Plan;
      expect(buffers["Shared Hit Blocks"]! + buffers["Shared Read Blocks"]!, sort).toBeLessThan(600);
    }
    await client.end();
  });

  test("starts below any comment, and rejects cursors of another list", async () => {
    const third = (await read(postId, "?sort=old&limit=3&replies=1")).comments[2]!;
    const below = await read(postId, `?parentId=${third.id}&sort=new&limit=2`);
    expect(below.comments.map(({ parentId }) => parentId)).toEqual([third.id, third.id]);
    expect(third).toMatchObject({ replies: 300, children: [{ parentId: third.id }], more: expect.any(String) });
    const other = (await social.post(social.accounts.plain)).id;
    for (const path of [
      `/posts/${other}/comments?cursor=${third.more}`,
      `/posts/${postId}/comments?sort=new&cursor=${third.more}`,
      `/posts/${postId}/comments?parentId=1&cursor=${third.more}`,
      `/posts/${postId}/comments?cursor=x`,
      `/posts/${postId}/comments?depth=11`,
    ]) {
      expect((await social.send("GET", path, { by: social.accounts.plain })).status, path).toBe(400);
    }
  });
});

test("counters stay exact while comments are added, deleted and voted for at once", async () => {
  const { plain, other, staff } = social.accounts;
  const { id: postId } = await social.post(plain);
  const parent = await add(postId, "Parent");
  const made = await Promise.all(
    [plain, other, staff].flatMap((by) =>
      [1, 2, 3].map((n) => add(postId, `${n}`, parent.id, by).then(({ id }) => ({ id, by }))),
    ),
  );
  await Promise.all([
    ...made.slice(0, 6).map(({ id, by }) => remove(id, by)),
    ...made.slice(0, 2).map(({ id, by }) => remove(id, by)),
    ...[plain, other, staff].flatMap((by) => [vote("PUT", parent.id, by), vote("PUT", parent.id, by)]),
    remove(parent.id),
    ...[1, 2, 3].map((n) => say(postId, `${n}`, parent.id, other)),
    ...[plain, other].map((by) => vote("DELETE", parent.id, by)),
  ]);
  expect(await wrongCounters()).toEqual([]);
  const doomed = await social.post(plain);
  const there = await add(doomed.id, "There", undefined, other);
  const results = await Promise.all([
    ...[1, 2, 3, 4].map((n) => say(doomed.id, `${n}`, there.id, other)),
    remove(there.id, other),
    vote("PUT", there.id, staff),
    social.vote(staff, doomed.id, 1),
    social.send("DELETE", `/posts/${doomed.id}`, { by: plain }),
  ]);
  expect(results.filter(({ status }) => status >= 500)).toEqual([]);
  expect(results.at(-1)!.status).toBe(204);
  expect(await wrongCounters()).toEqual([]);
});
