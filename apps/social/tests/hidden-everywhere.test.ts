import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "../src/database/drizzle.ts";
import { everybody, hiddenReasons } from "../src/database/schema.ts";
import { handleKey } from "../src/users/handles.ts";
import { type OpenSocial, openSocial, type SocialResponse } from "./open-social.ts";

/*
 * Every read route × every reason why something must not be seen. Whoever adds a route that reads adds an entry to `reads`: without one
 * the first test fails. All texts of the author have `marker` in them, and so a response shows something of the author when it has it.
 */

const marker = "zebrafinch";

/** Who and what there is. The viewer sends the requests; the third person and the author follow each other. */
interface Scene {
  viewer: number;
  author: number;
  third: number;
  /** The author's post. */
  post: number;
  /** The third person's post, with a comment of the author. */
  thirdPost: number;
  comment: number;
  /** Of the author's post. */
  image: string;
}

const states = ["blocked", "blockedBy", "muted", "suspended", "deactivated", "deleted", "draft", "removed"] as const;
type State = (typeof states)[number];

interface Read {
  path(scene: Scene): string;
  /** Whether a response shows what is to be hidden; by default, whether it has `marker`. */
  shows?(response: SocialResponse<never>): boolean;
  /** The states in which it is shown all the same, and why. In all others it must not be. */
  shownIn?: Partial<Record<State, string>>;
  /** The state in which it can be seen at all. */
  within?: State;
}

const noPost = "it says nothing of posts";
const ownChoice = "the viewer's own choice, to be undone";
const onThirdPost = { draft: "the post is another's" };
const ofStaff = "staff alone reads it, to keep order";
const ofPeople = { draft: noPost, removed: noPost };

const counts = (field: string) => (response: SocialResponse<never>) =>
  (response.body as Record<string, unknown> | undefined)?.[field] === 1;

/** Every route that reads, with what it is to hide; a text says why there is nothing. */
const reads: Record<string, Read[] | string> = {
  "/feed": [{ path: () => "/feed" }, { path: () => "/feed?sort=hot" }, { path: () => "/feed?sort=top" }],
  "/health": "nothing of people",
  "/home": [{ path: () => "/home" }],
  "/moderation/actions": ofStaff,
  "/moderation/appeals": ofStaff,
  "/moderation/word-filters": ofStaff,
  "/posts": [{ path: () => `/posts?search=${marker}` }, { path: () => "/posts?limit=100" }],
  "/posts/{id}": [
    { path: ({ post }) => `/posts/${post}` },
    {
      path: ({ thirdPost }) => `/posts/${thirdPost}`,
      shows: ({ body }) => (body as { post?: { comments: number } }).post?.comments === 1,
      shownIn: onThirdPost,
    },
  ],
  "/posts/{id}/comments": [
    { path: ({ thirdPost }) => `/posts/${thirdPost}/comments`, shownIn: onThirdPost },
    { path: ({ post }) => `/posts/${post}/comments`, shows: ({ status }) => status === 200 },
  ],
  "/posts/{id}/votes": [
    {
      path: ({ thirdPost }) => `/posts/${thirdPost}/votes`,
      shownIn: { ...onThirdPost, removed: "the post is another's" },
    },
    { path: ({ post }) => `/posts/${post}/votes`, shows: ({ status }) => status === 200 },
  ],
  "/images": "the caller's own",
  "/images/{id}": [{ path: ({ image }) => `/images/${image}`, shows: ({ status }) => status === 200 }],
  "/bookmarks": [{ path: () => "/bookmarks" }],
  "/comments/{id}": [{ path: ({ comment }) => `/comments/${comment}`, shownIn: onThirdPost }],
  "/posts/{id}/history": [{ path: ({ post }) => `/posts/${post}/history` }],
  "/search": [
    { path: () => `/search?q=${marker}` },
    { path: () => `/search?in=people&q=${marker}`, shownIn: ofPeople },
    { path: () => `/search?in=tags&q=${marker}` },
  ],
  "/tags/{tag}": [{ path: () => `/tags/${marker}` }],
  "/reports": ofStaff,
  "/reports/{id}": ofStaff,
  "/users/me/actions": "what staff did about the viewer",
  "/users/{id}": [
    { path: ({ author }) => `/users/${author}`, shownIn: { blocked: ownChoice, muted: ownChoice, ...ofPeople } },
    { path: () => `/users/@${marker}`, shownIn: { blocked: ownChoice, muted: ownChoice, ...ofPeople } },
    {
      path: ({ author }) => `/users/${author}`,
      shows: counts("posts"),
      shownIn: { blocked: ownChoice, muted: ownChoice },
    },
    { path: ({ third }) => `/users/${third}`, shows: counts("followers"), shownIn: ofPeople },
    { path: ({ third }) => `/users/${third}`, shows: counts("following"), shownIn: ofPeople },
  ],
  "/users/{id}/followers": [{ path: ({ third }) => `/users/${third}/followers`, shownIn: ofPeople }],
  "/users/{id}/following": [{ path: ({ third }) => `/users/${third}/following`, shownIn: ofPeople }],
  "/users/{id}/posts": [{ path: ({ author }) => `/users/${author}/posts` }],
  "/users/me": "the viewer alone",
  "/users/me/export": "the viewer alone",
  "/users/me/removal": "the viewer alone",
  "/users/me/blocks": [
    {
      path: () => "/users/me/blocks",
      within: "blocked",
      shownIn: { blocked: ownChoice, blockedBy: ownChoice, muted: ownChoice, ...ofPeople },
    },
  ],
  "/users/me/mutes": [
    {
      path: () => "/users/me/mutes",
      within: "muted",
      shownIn: { blocked: ownChoice, blockedBy: ownChoice, muted: ownChoice, ...ofPeople },
    },
  ],
};

let social: OpenSocial;
let scene: Scene;
beforeAll(async () => {
  social = await openSocial();
  const { plain, other, staff } = social.accounts;
  for (const by of [plain, other, staff]) await social.send("GET", `/users/${by.account.id}`, { by });
  const { id } = await social.post(other, { title: `The ${marker}`, content: `A ${marker} sings.` });
  const json = { title: `The ${marker} again`, content: `A #${marker} sings.` };
  await social.send("PUT", `/posts/${id}`, { by: other, json }); // So it has a history.
  const thirdPost = (await social.post(staff, { title: "Other" })).id;
  const comment = await social.send<{ id: number }>("POST", `/posts/${thirdPost}/comments`, {
    by: other,
    json: { content: `The ${marker} agrees.` },
  });
  await social.vote(other, thirdPost, 1);
  await social.send("PUT", `/posts/${id}/bookmark`, { by: plain });
  scene = {
    ...{ viewer: plain.account.id, author: other.account.id, third: staff.account.id },
    ...{ post: id, thirdPost, comment: comment.body.id, image: crypto.randomUUID() },
  };
  const { db } = social.deps.database;
  await db.execute(sql`insert into social.images (id, owner_id, post_id, width, height)
    values (${scene.image}, ${scene.author}, ${id}, 1, 1)`);
  await db.execute(sql`insert into social.image_files (image_id, width, content) values (${scene.image}, 1, 'x')`);
  await db.execute(sql`
    update social.profiles set handle = ${marker}, handle_key = ${handleKey(marker)}, display_name = ${marker}, bio = ${marker}
    where id = ${scene.author}`);
  await db.execute(sql`
    insert into social.follows (follower_id, followee_id)
    values (${scene.author}, ${scene.third}), (${scene.third}, ${scene.author}), (${scene.viewer}, ${scene.author})`);
});
afterAll(() => social[Symbol.asyncDispose]());

/** Brings the author or the post into a state. */
async function enter(state: State): Promise<void> {
  const { db } = social.deps.database;
  if (state === "draft") await db.execute(sql`update social.posts set published = false where id = ${scene.post}`);
  else if (state === "removed") {
    await db.execute(sql`update social.posts set removed_at = now() where id = ${scene.post}`);
    await db.execute(sql`update social.comments set removed_at = now() where id = ${scene.comment}`);
  } else {
    const ofViewer = ["blocked", "blockedBy", "muted"].includes(state);
    await db.execute(sql`
      insert into social.hidden (viewer_id, author_id, reason)
      values (${ofViewer ? scene.viewer : everybody}, ${scene.author}, ${hiddenReasons[state]}) on conflict do nothing`);
  }
}

async function leaveAll(): Promise<void> {
  const { db } = social.deps.database;
  await db.execute(sql`update social.posts set published = true, removed_at = null where id = ${scene.post}`);
  await db.execute(sql`update social.comments set removed_at = null`);
  await db.execute(sql`delete from social.hidden`);
}

test("every route that reads has an entry, and every entry a route", async () => {
  type Paths = Record<string, Record<string, unknown>>;
  const { body } = await social.send<{ paths: Paths }>("GET", "/openapi.json");
  const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    methods.get ? [path.slice("/social".length)] : [],
  );
  expect(Object.keys(reads).sort()).toEqual(routes.sort());
});

describe.each(
  Object.entries(reads).flatMap(([route, entry]) => (typeof entry === "string" ? [] : [[route, entry] as const])),
)("GET %s", (_, entry) => {
  const isShown = async ({ path, shows }: Read): Promise<boolean> => {
    const response = await social.send<never>("GET", path(scene), { by: social.accounts.plain });
    expect([200, 404], response.text).toContain(response.status);
    if (response.status === 404) return false; // A problem names the path, which may have the handle.
    return shows ? shows(response) : response.text.includes(marker);
  };
  test("hides what is not to be seen", async () => {
    const wrong: string[] = [];
    for (const read of entry) {
      await leaveAll();
      if (read.within) await enter(read.within);
      expect(await isShown(read), `${read.path(scene)} shows it`).toBe(true);
      for (const state of states) {
        await leaveAll();
        if (read.within) await enter(read.within);
        await enter(state);
        const expected = read.shownIn?.[state] !== undefined;
        if ((await isShown(read)) !== expected)
          wrong.push(`${read.path(scene)} ${state}: ${expected ? "hidden" : "shown"}`);
      }
    }
    await leaveAll();
    expect(wrong).toEqual([]);
  });
});
