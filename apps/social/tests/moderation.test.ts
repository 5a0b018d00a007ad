import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "../src/database/drizzle.ts";
import { writeCounts } from "../src/database/moderation-tables.ts";
import { createWriteRules } from "../src/moderation/write-rules.ts";
import { named, type OpenSocial, openSocial, type PostWithVotes } from "./open-social.ts";

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

interface Report {
  id: number;
  state: string;
  said: string;
  reporterId: number | null;
  note: string;
  openReports: number;
  outcome: string;
  handledBy: number | null;
}
interface Action {
  id: number;
  action: string;
  reason: string;
  appeal: { state: string; answer: string } | null;
}

const report = (by = social.accounts.other, json: object = {}) =>
  social.send<Report>("POST", "/reports", { by, json: { reason: "spam", ...json } });
const reports = async (state = "open") => {
  const { body } = await social.send<{ reports: Report[] }>("GET", `/reports?state=${state}&limit=100`, {
    by: social.accounts.staff,
  });
  return body.reports;
};
const act = (path: string, by = social.accounts.staff, json: object = { reason: "Advertising" }) =>
  social.send<Action>("POST", path, { by, json });
const isSeen = async (id: number, by = social.accounts.other) =>
  (await social.send<PostWithVotes>("GET", `/posts/${id}`, { by })).status === 200;
const ownActions = async (by = social.accounts.plain) =>
  (await social.send<{ actions: Action[] }>("GET", "/users/me/actions", { by })).body.actions;
const appeal = (actionId: number, by = social.accounts.plain) =>
  social.send("POST", "/appeals", { by, json: { actionId, content: "It was a quote." } });
const decide = (id: number, decision: string) =>
  social.send("PUT", `/moderation/appeals/${id}`, {
    by: social.accounts.staff,
    json: { decision, answer: "We looked again." },
  });

describe("a report", () => {
  test("reaches staff with what was said, once for each reporter, and is handled", async () => {
    const { plain, other, staff } = social.accounts;
    const post = await social.post(plain, { title: "Buy now", content: "Cheap" });
    const made = await report(other, { postId: post.id, note: "An advertisement" });
    expect(made.status, made.text).toBe(201);
    expect((await report(other, { postId: post.id })).status).toBe(409);
    expect((await report(staff, { postId: post.id })).status).toBe(201);
    expect((await report(plain, { postId: post.id })).status).toBe(422);
    const another = await social.post(plain);
    expect((await report(other, { postId: another.id })).status).toBe(201);
    await social.send("DELETE", `/posts/${post.id}`, { by: plain });
    expect((await reports()).find(({ id }) => id === made.body.id)).toMatchObject({
      said: "Buy now\n\nCheap",
      openReports: 2,
      reporterId: other.account.id,
      note: "An advertisement",
    });
    const handled = await social.send<Report>("PATCH", `/reports/${made.body.id}`, {
      by: staff,
      json: { state: "dismissed", outcome: "Gone" },
    });
    expect(handled.body).toMatchObject({ state: "dismissed", outcome: "Gone", handledBy: staff.account.id });
    expect((await reports("dismissed"))[0]?.id).toBe(made.body.id);
  });

  test("of what the reporter cannot see is a 404, and of nothing or of both a 422", async () => {
    const { plain } = social.accounts;
    const draft = await social.post(plain, { published: false });
    expect((await report(undefined, { postId: draft.id })).status).toBe(404);
    expect((await report(undefined, { userId: 987_654 })).status).toBe(404);
    expect(named(await social.send("POST", "/reports", { by: plain, json: { reason: "spam" } }))).toEqual(["postId"]);
    expect((await report(undefined, { postId: 1, userId: 2 })).status).toBe(422);
    expect((await report(undefined, { userId: plain.account.id })).status).toBe(201);
  });

  test("is for staff alone to see", async () => {
    for (const path of ["/reports", "/reports/1", "/moderation/actions", "/moderation/appeals"]) {
      expect((await social.send("GET", path, { by: social.accounts.plain })).status, path).toBe(403);
      expect((await social.send("GET", path)).status, path).toBe(401);
    }
  });
});

describe("a post that staff removes", () => {
  test("is seen by nobody, keeps its votes, resolves its reports, and comes back", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    await social.vote(other, id, 1);
    const { body: reported } = await report(other, { postId: id });
    expect((await act(`/posts/${id}/remove`, other)).status).toBe(403);
    const removed = await act(`/posts/${id}/remove`);
    expect(removed.status, removed.text).toBe(200);
    expect((await act(`/posts/${id}/remove`)).status).toBe(409);
    expect([await isSeen(id), await isSeen(id, plain)]).toEqual([false, false]);
    const change = { title: "A", content: "B" };
    expect((await social.send("PUT", `/posts/${id}`, { by: plain, json: change })).status).toBe(404);
    expect((await reports("resolved")).find((one) => one.id === reported.id)?.outcome).toBe("Advertising");
    expect((await ownActions())[0]).toMatchObject({ action: "remove", reason: "Advertising", subjectId: id });

    expect((await act(`/posts/${id}/restore`)).status).toBe(200);
    expect((await act(`/posts/${id}/restore`)).status).toBe(409);
    const back = await social.send<PostWithVotes>("GET", `/posts/${id}`, { by: other });
    expect(back.body.votes).toBe(1);
    expect((await act("/posts/999999999/remove")).status).toBe(404);
  });

  test("and a comment likewise: its text is gone, its replies stay", async () => {
    const { plain, other } = social.accounts;
    const { id } = await social.post(plain);
    const comment = async (by: typeof plain, json: object) =>
      (await social.send<{ id: number }>("POST", `/posts/${id}/comments`, { by, json })).body.id;
    const parent = await comment(other, { content: "Buy this" });
    await comment(plain, { content: "No", parentId: parent });
    const tree = async () => (await social.send("GET", `/posts/${id}/comments`, { by: plain })).text;
    const made = await report(plain, { commentId: parent });
    expect([made.status, (await report(plain, { commentId: 987_654 })).status]).toEqual([201, 404]);
    expect((await reports()).find((one) => one.id === made.body.id)?.said).toBe("Buy this");
    expect((await act(`/comments/${parent}/remove`)).status).toBe(200);
    expect((await act(`/comments/${parent}/remove`)).status).toBe(409);
    expect(await tree()).toContain('"No"');
    expect(await tree()).not.toContain("Buy this");
    expect((await act(`/comments/${parent}/restore`)).status).toBe(200);
    expect((await act(`/comments/${parent}/restore`)).status).toBe(409);
    expect((await act("/comments/987654/remove")).status).toBe(404);
    expect(await tree()).toContain("Buy this");
  });

  test("is removed once when two do it at once", async () => {
    const { id } = await social.post(social.accounts.plain);
    const both = await Promise.all([act(`/posts/${id}/remove`), act(`/posts/${id}/remove`)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe("somebody who is suspended", () => {
  test("is hidden with all that he wrote, may appeal, and writes nothing until he is reinstated", async () => {
    const { plain, other, staff } = social.accounts;
    const { id } = await social.post(plain);
    const user = plain.account.id;
    expect((await act(`/users/${staff.account.id}/suspend`)).status).toBe(422);
    const suspended = await act(`/users/${user}/suspend`);
    expect(suspended.status, suspended.text).toBe(200);
    expect((await act(`/users/${user}/suspend`)).status).toBe(409);
    expect([await isSeen(id), await isSeen(id, plain)]).toEqual([false, true]);
    const post = { title: "A", content: "B" };
    expect((await social.send("POST", "/posts", { by: plain, json: post })).status).toBe(403);
    expect((await social.send("POST", `/posts/${id}/comments`, { by: plain, json: { content: "C" } })).status).toBe(
      403,
    );
    expect((await social.send("PUT", `/posts/${id}`, { by: plain, json: post })).status).toBe(403);

    expect((await appeal(suspended.body.id, other)).status).toBe(404);
    expect((await appeal(suspended.body.id)).status).toBe(204);
    expect((await appeal(suspended.body.id)).status).toBe(409);
    const open = await social.send<{ actions: Action[] }>("GET", "/moderation/appeals", { by: staff });
    expect(open.body.actions.map((action) => action.id)).toContain(suspended.body.id);
    expect((await decide(suspended.body.id, "granted")).status).toBe(204);
    expect((await decide(suspended.body.id, "refused")).status).toBe(409);
    expect(await isSeen(id)).toBe(true);
    expect((await ownActions()).slice(0, 2)).toMatchObject([
      { action: "reinstate", reason: "Appeal granted. We looked again." },
      { action: "suspend", appeal: { state: "granted", answer: "We looked again." } },
    ]);
    expect((await appeal((await ownActions())[0]!.id)).status).toBe(422);
  });

  test("is reinstated by staff too; an appeal that is granted then changes nothing", async () => {
    const { other } = social.accounts;
    await social.post(other);
    const { body } = await act(`/users/${other.account.id}/suspend`);
    await appeal(body.id, other);
    expect((await act(`/users/${other.account.id}/restore`)).status).toBe(200);
    expect((await act(`/users/${other.account.id}/restore`)).status).toBe(409);
    expect((await decide(body.id, "granted")).status).toBe(204);
    expect((await decide(987_654, "granted")).status).toBe(404);
    expect((await ownActions(other)).slice(0, 2).map(({ action }) => action)).toEqual(["reinstate", "suspend"]);
  });
});

describe("a word filter", () => {
  const add = (phrase: string, action: string) =>
    social.send<{ id: number }>("POST", "/moderation/word-filters", {
      by: social.accounts.staff,
      json: { phrase, action },
    });

  test("refuses a phrase wherever it is written, and names the field", async () => {
    const { plain, staff } = social.accounts;
    const { body } = await add("cheap Pills", "refuse");
    expect((await add("CHEAP, pills!", "report")).status).toBe(409);
    expect((await add("!?", "report")).status).toBe(422);
    const json = { title: "Fine", content: "Buy chéap\n PILLS." };
    const { id } = await social.post(plain);
    expect(named(await social.send("POST", "/posts", { by: plain, json }))).toEqual(["content"]);
    expect((await social.send("PUT", `/posts/${id}`, { by: plain, json })).status).toBe(422);
    const comment = { content: json.content };
    expect(named(await social.send("POST", `/posts/${id}/comments`, { by: plain, json: comment }))).toEqual([
      "content",
    ]);
    await social.post(plain, { content: "cheap, but no pills" });
    expect((await social.send("DELETE", `/moderation/word-filters/${body.id}`, { by: staff })).status).toBe(204);
    expect((await social.send("DELETE", `/moderation/word-filters/${body.id}`, { by: staff })).status).toBe(404);
    await social.post(plain, json);
  });

  test("reports a phrase, and the post is written", async () => {
    await add("casino", "report");
    const post = await social.post(social.accounts.plain, { title: "The CASINO" });
    const found = (await reports()).find(({ said }) => said.startsWith("The CASINO"));
    expect(found).toMatchObject({ subjectId: post.id, reporterId: null, note: "Word filter: casino" });
  });
});

describe("the limits of writes", () => {
  test("are counted by hour, less for a new account, exactly under a race", async () => {
    const { db } = social.deps.database;
    const { plain } = social.accounts;
    const admit = createWriteRules({ perHour: 5, newPerHour: 2 });
    const writer = (createdAt: string) => ({ id: plain.account.id, createdAt });
    const tries = async (createdAt: string) => {
      await db.delete(writeCounts);
      const one = () => admit(db, writer(createdAt), { kind: "post", texts: {} });
      const all = await Promise.allSettled(Array.from({ length: 8 }, one));
      return all.filter(({ status }) => status === "fulfilled").length;
    };
    expect(await tries("2020-01-01T00:00:00Z")).toBe(5);
    expect(await tries(new Date().toISOString())).toBe(2);
    await expect(admit(db, writer(new Date().toISOString()), { kind: "post", texts: {} })).rejects.toMatchObject({
      code: "too-many-requests",
      headers: { "Retry-After": expect.stringMatching(/^[1-9]\d*$/) },
    });
    await db.update(writeCounts).set({ hour: sql`hour - interval '1 hour'` });
    await admit(db, writer(new Date().toISOString()), { kind: "post", texts: {} });
    await admit(db, writer(new Date().toISOString()), { texts: { title: "A change is not counted" } });
  });
});
