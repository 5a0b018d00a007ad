import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenSocial, openSocial } from "./open-social.ts";

/*
 * Posts, comments, votes and blocks against a plain model in memory: random operations by three people, each with the status that the
 * model expects, and every few operations all that each of them sees.
 */

interface Written {
  id: number;
  by: number;
  content: string;
  voters: Set<number>;
}

interface ModelPost extends Written {
  published: boolean;
  version: number;
}

interface ModelComment extends Written {
  post: ModelPost;
  parent: ModelComment | null;
  deleted: boolean;
}

interface Node {
  id: number;
  children: Node[];
  more: string | null;
}

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

/** A generator of whole numbers below a bound; the same for the same start (mulberry32). */
function randomNumbers(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function openModel() {
  const people = [social.accounts.plain, social.accounts.other, social.accounts.staff];
  const posts = new Map<number, ModelPost>();
  const comments = new Map<number, ModelComment>();
  /** `a b` where one of the two blocks the other. */
  const apart = new Set<string>();
  const sees = (viewer: number, author: number) =>
    !apart.has(`${viewer} ${author}`) && !apart.has(`${author} ${viewer}`);
  const seesPost = (viewer: number, post: ModelPost) =>
    posts.has(post.id) && (post.by === viewer || (post.published && sees(viewer, post.by)));
  const seesComment = (viewer: number, comment: ModelComment) =>
    seesPost(viewer, comment.post) && !comment.deleted && sees(viewer, comment.by);
  const ofPost = (post: ModelPost) => [...comments.values()].filter((comment) => comment.post === post);
  return { people, posts, comments, apart, seesPost, seesComment, ofPost, sees };
}

type Model = ReturnType<typeof openModel>;

/** What a viewer is to see of a post, and of the comments on it in the order of the tree. */
function expectedOf({ seesPost, seesComment, ofPost }: Model, viewer: number, post: ModelPost) {
  if (!seesPost(viewer, post)) return undefined;
  const all = ofPost(post);
  const below = (parent: ModelComment | null): unknown[] =>
    all
      .filter((comment) => comment.parent === parent)
      .flatMap((comment) => {
        const isSeen = seesComment(viewer, comment);
        const seen = {
          id: comment.id,
          deleted: !isSeen,
          content: isSeen ? comment.content : "",
          author: isSeen ? comment.by : undefined,
          votes: isSeen ? comment.voters.size : 0,
          myVote: isSeen && comment.voters.has(viewer) ? 1 : 0,
          replies: all.filter((one) => one.parent === comment && !one.deleted).length,
        };
        return [seen, ...below(comment)];
      });
  return {
    content: post.content,
    version: post.version,
    votes: post.voters.size,
    myVote: post.voters.has(viewer) ? 1 : 0,
    comments: all.filter((comment) => seesComment(viewer, comment)).length,
    tree: below(null),
  };
}

type Account = Model["people"][number];

/** What the service shows of it. */
async function shownOf(by: Account, id: number) {
  const { status, body } = await social.send<{ post: Record<string, unknown>; votes: number }>("GET", `/posts/${id}`, {
    by,
  });
  if (status === 404) return undefined;
  const { content, version, myVote, comments } = body.post;
  const level = async (query: string): Promise<unknown[]> => {
    const page = await social.send<{ comments: Node[]; nextCursor: string | null }>(
      "GET",
      `/posts/${id}/comments?limit=3&replies=2&depth=1${query}`,
      { by },
    );
    const rest = page.body.nextCursor ? await level(`&cursor=${page.body.nextCursor}`) : [];
    return [...(await flat(page.body.comments)), ...rest];
  };
  const flat = async (nodes: Node[]): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (const { children, more, ...node } of nodes as (Node & Record<string, unknown>)[]) {
      const { deleted, content, author, votes, myVote, replies } = node;
      all.push({
        id: node.id,
        deleted,
        content,
        author: (author as { id: number } | null)?.id,
        votes,
        myVote,
        replies,
      });
      all.push(...(await flat(children)), ...(more ? await level(`&cursor=${more}`) : []));
    }
    return all;
  };
  return { content, version, votes: body.votes, myVote, comments, tree: await level("&sort=old") };
}

test.each([1, 2])("posts, comments, votes and blocks are as a plain model says (%i)", async (seed) => {
  const random = randomNumbers(seed);
  await social.deps.database.db.execute("DELETE FROM social.hidden");
  const model = openModel();
  const { people, posts, comments, apart, seesPost, seesComment } = model;
  const pick = <T>(from: Iterable<T>): T | undefined => {
    const all = [...from];
    return all[random(all.length)];
  };
  const log: string[] = [];
  const send = async (by: Account, method: string, path: string, expected: number, json?: object, tag?: string) => {
    const headers = tag ? { headers: { "If-Match": tag } } : {};
    const { status, body } = await social.send<{ id: number }>(method, path, { by, ...(json && { json }), ...headers });
    log.push(`${by.account.id} ${method} ${path} ${JSON.stringify(json)} ${status}`);
    expect(status, log.slice(-20).join("\n")).toBe(expected);
    return body;
  };
  const owned = (item: Written, me: number, isSeen: boolean) => (item.by === me && isSeen ? 200 : isSeen ? 403 : 404);

  const operations = {
    async writePost(by: Account, me: number) {
      const [content, published] = [`Post ${log.length}`, random(4) > 0];
      const { id } = await send(by, "POST", "/posts", 201, { title: "T", content, published });
      posts.set(id, { id, by: me, content, published, version: 1, voters: new Set() });
    },
    async changePost(by: Account, me: number, post: ModelPost) {
      const change = random(2) ? { content: `Post ${log.length}` } : { published: random(3) > 0 };
      const expected = owned(post, me, seesPost(me, post));
      await send(by, "PATCH", `/posts/${post.id}`, expected, change, "*");
      if (expected !== 200) return;
      const isOther = Object.entries(change).some(([field, value]) => post[field as "content"] !== value);
      Object.assign(post, change, { version: post.version + (isOther ? 1 : 0) });
    },
    async deletePost(by: Account, me: number, post: ModelPost) {
      if (random(4) > 0) return;
      const expected = owned(post, me, seesPost(me, post));
      await send(by, "DELETE", `/posts/${post.id}`, expected === 200 ? 204 : expected);
      if (expected === 200) {
        posts.delete(post.id);
        for (const { id } of model.ofPost(post)) comments.delete(id);
      }
    },
    async votePost(by: Account, me: number, post: ModelPost) {
      const dir = random(2) as 0 | 1;
      const had = post.voters.has(me);
      const known = seesPost(me, post) || (dir === 0 && had);
      const expected = !known ? 404 : dir === (had ? 1 : 0) ? (dir === 1 ? 409 : 404) : 201;
      await send(by, "POST", "/vote", expected, { postId: post.id, dir });
      if (expected === 201) post.voters[dir ? "add" : "delete"](me);
    },
    async comment(by: Account, me: number, post: ModelPost) {
      const parent = random(3) ? pick(comments.values()) : undefined;
      const fits = !parent || (parent.post === post && seesComment(me, parent));
      const expected = !seesPost(me, post) ? 404 : fits ? 201 : 422;
      const content = `Comment ${log.length}`;
      const json = { content, ...(parent && { parentId: parent.id }) };
      const { id } = await send(by, "POST", `/posts/${post.id}/comments`, expected, json);
      if (expected !== 201) return;
      comments.set(id, { id, by: me, content, post, parent: parent ?? null, deleted: false, voters: new Set() });
    },
    async reply(by: Account, me: number) {
      const parent = pick(comments.values());
      if (!parent) return;
      const expected = !seesPost(me, parent.post) ? 404 : seesComment(me, parent) ? 201 : 422;
      const content = `Reply ${log.length}`;
      const path = `/posts/${parent.post.id}/comments`;
      const { id } = await send(by, "POST", path, expected, { content, parentId: parent.id });
      if (expected !== 201) return;
      comments.set(id, { id, by: me, content, post: parent.post, parent, deleted: false, voters: new Set() });
    },
    async changeComment(by: Account, me: number) {
      const comment = pick(comments.values());
      if (!comment) return;
      const content = `Changed ${log.length}`;
      const expected = owned(comment, me, seesComment(me, comment));
      await send(by, "PATCH", `/comments/${comment.id}`, expected, { content });
      if (expected === 200) comment.content = content;
    },
    async deleteComment(by: Account, me: number) {
      const comment = pick(comments.values());
      if (!comment) return;
      // An author may take back what they wrote, whether they still see the post or not.
      const isMine = comment.by === me && !comment.deleted;
      const expected = isMine ? 204 : seesComment(me, comment) ? 403 : 404;
      await send(by, "DELETE", `/comments/${comment.id}`, expected);
      if (expected === 204) comment.deleted = true;
    },
    async voteComment(by: Account, me: number) {
      const comment = pick(comments.values());
      if (!comment) return;
      const method = random(3) ? "PUT" : "DELETE";
      const had = comment.voters.has(me);
      const known = seesComment(me, comment) || (method === "DELETE" && had);
      await send(by, method, `/comments/${comment.id}/vote`, known ? 204 : 404);
      if (known) comment.voters[method === "PUT" ? "add" : "delete"](me);
    },
    async block(by: Account, me: number) {
      const them = pick(people.filter((one) => one !== by))!.account.id;
      const isOn = random(3) === 0;
      await send(by, isOn ? "PUT" : "DELETE", `/users/${them}/block`, 204);
      apart[isOn ? "add" : "delete"](`${me} ${them}`);
    },
  };
  const names = Object.keys(operations) as (keyof typeof operations)[];
  const weighted = [...names, "reply", "comment", "voteComment", "votePost", "reply"] as typeof names;

  for (const by of people) await operations.writePost(by, by.account.id);
  for (let step = 1; step <= 100; step++) {
    const by = pick(people)!;
    const post = pick(posts.values());
    if (post) await operations[pick(weighted)!](by, by.account.id, post);
    else await operations.writePost(by, by.account.id);
    if (step % 50 > 0) continue;
    for (const viewer of people) {
      for (const one of posts.values()) {
        const expected = expectedOf(model, viewer.account.id, one);
        expect(await shownOf(viewer, one.id), log.slice(-50).join("\n")).toEqual(expected);
      }
    }
  }
});
