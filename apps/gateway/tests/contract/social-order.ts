import { expect, it } from "vitest";
import type { Installation } from "../harness/installation.ts";
import { register } from "../harness/person.ts";
import { expectProblem } from "../harness/problem.ts";
import { secretMark } from "../harness/test-settings.ts";
import { unique } from "../harness/values.ts";

/** Reports, what staff does, and appeals. */
export function socialOrder({ origin, plain, other, staff, anyone }: Installation): void {
  const reason = { reason: "Advertising" };
  const write = async (by = plain) =>
    (await by.post("/social/posts", { title: unique("order"), content: "Some content" })).json<{ id: number }>().id;

  it("are taken once, and handled by staff", async () => {
    const id = await write();
    const report = { postId: id, reason: "spam", note: "An advertisement" };
    const once = other.with({ "Idempotency-Key": unique("key") });
    const made = await once.post("/social/reports", report);
    expect(made.status, made.text).toBe(201);
    expect((await once.post("/social/reports", report)).text).toBe(made.text);
    expectProblem(await other.post("/social/reports", report), 409);
    expectProblem(await other.post("/social/reports", { ...report, postId: 999_999_999 }), 404);
    expectProblem(await other.post("/social/reports", { reason: "spam" }), 422, "postId");
    expectProblem(await plain.get("/social/reports"), 403);
    expectProblem(await anyone.get("/social/reports"), 401);
    const path = `/social/reports/${made.json<{ id: number }>().id}`;
    expect((await staff.get(path)).json()).toMatchObject({
      reason: "spam",
      note: report.note,
      subjectId: id,
      state: "open",
    });
    const handled = await staff.patch(path, { state: "dismissed" });
    expect(handled.json()).toMatchObject({ state: "dismissed", handledBy: staff.id });
    expect((await other.post("/social/reports", report)).status).toBe(201);
    expectProblem(await staff.patch(path, { state: "open" }), 409);
    expectProblem(await staff.get("/social/reports/999999999"), 404);
    expectProblem(await staff.patch("/social/reports/999999999", { state: "open" }), 404);
    const page = await staff.get("/social/reports", { limit: 1 });
    expect(page.json()).toMatchObject({ reports: [{ state: "open" }] });
  });

  it("lead to a removal that is told, appealed against and undone", async () => {
    const id = await write();
    expectProblem(await plain.post(`/social/posts/${id}/remove`, reason), 403);
    const removed = await staff.post(`/social/posts/${id}/remove`, reason);
    expect(removed.json()).toMatchObject({ action: "remove", subjectId: id, authorId: plain.id, staffId: staff.id });
    expectProblem(await staff.post(`/social/posts/${id}/remove`, reason), 409);
    expectProblem(await staff.post("/social/posts/999999999/remove", reason), 404);
    expectProblem(await plain.get(`/social/posts/${id}`), 404);
    const told = (await plain.get("/social/users/me/actions", { limit: 1 })).json<{ actions: { id: number }[] }>();
    expect(told.actions).toMatchObject([{ action: "remove", ...reason }]);

    const actionId = told.actions[0]?.id;
    const appeal = { actionId, content: "It was a quote." };
    expectProblem(await other.post("/social/appeals", appeal), 404);
    expect((await plain.post("/social/appeals", appeal)).status).toBe(204);
    expectProblem(await plain.post("/social/appeals", appeal), 409);
    expect((await staff.get("/social/moderation/appeals")).json<{ actions: unknown[] }>().actions).toContainEqual(
      expect.objectContaining({ id: actionId, appeal: expect.objectContaining({ state: "open" }) }),
    );
    const decide = (which: number | undefined) =>
      staff.put(`/social/moderation/appeals/${which}`, { decision: "granted", answer: "You are right." });
    expect((await decide(actionId)).status).toBe(204);
    expectProblem(await decide(actionId), 409);
    expectProblem(await decide(999_999_999), 404);
    expect((await plain.get(`/social/posts/${id}`)).status).toBe(200);
    expectProblem(await staff.post(`/social/posts/${id}/restore`, reason), 409);
    expectProblem(await staff.post("/social/posts/999999999/restore", reason), 404);
    await staff.post(`/social/posts/${id}/remove`, reason);
    expect((await staff.post(`/social/posts/${id}/restore`, reason)).status).toBe(200);
    const actions = (await staff.get("/social/moderation/actions", { userId: plain.id, limit: 4 })).json();
    expect(actions).toMatchObject({
      actions: ["restore", "remove", "restore", "remove"].map((action) => ({ action })),
    });
  });

  it("lead to the removal of a comment, which is undone", async () => {
    const id = await write();
    const path = `/social/posts/${id}/comments`;
    const comment = `/social/comments/${(await plain.post(path, { content: "Buy this" })).json<{ id: number }>().id}`;
    expect((await staff.post(`${comment}/remove`, reason)).status).toBe(200);
    expectProblem(await staff.post(`${comment}/remove`, reason), 409);
    expectProblem(await staff.post("/social/comments/999999999/remove", reason), 404);
    expect((await staff.post(`${comment}/restore`, reason)).status).toBe(200);
    expectProblem(await staff.post(`${comment}/restore`, reason), 409);
    expectProblem(await staff.post("/social/comments/999999999/restore", reason), 404);
  });

  it("suspend somebody, who reads on and writes nothing", async () => {
    const somebody = await register(origin, unique("suspended"), `${secretMark}of-suspended`);
    const id = await write(somebody);
    const user = `/social/users/${somebody.id}`;
    expect((await staff.post(`${user}/suspend`, reason)).status).toBe(200);
    expectProblem(await staff.post(`${user}/suspend`, reason), 409);
    expectProblem(await staff.post("/social/users/999999999/suspend", reason), 404);
    expectProblem(await plain.get(`/social/posts/${id}`), 404);
    expect((await somebody.get("/social/posts")).status).toBe(200);
    expectProblem(await somebody.post("/social/posts", { title: "a", content: "b" }), 403);
    expectProblem(await somebody.post(`/social/posts/${await write()}/comments`, { content: "c" }), 403);
    expect((await staff.post(`${user}/restore`, reason)).status).toBe(200);
    expectProblem(await staff.post(`${user}/restore`, reason), 409);
    expectProblem(await staff.post("/social/users/999999999/restore", reason), 404);
    expect((await plain.get(`/social/posts/${id}`)).status).toBe(200);
  });

  it("need no words that are filtered", async () => {
    const phrase = unique("forbidden");
    const filters = "/social/moderation/word-filters";
    const made = await staff.post(filters, { phrase, action: "refuse" });
    expect(made.status, made.text).toBe(201);
    expectProblem(await staff.post(filters, { phrase, action: "report" }), 409);
    expectProblem(await plain.post("/social/posts", { title: "Fine", content: `So ${phrase}!` }), 422, "content");
    const { id } = made.json<{ id: number }>();
    expect((await staff.get(filters)).json<{ filters: unknown[] }>().filters).toContainEqual(made.json());
    expect((await staff.delete(`${filters}/${id}`)).status).toBe(204);
    expectProblem(await staff.delete(`${filters}/${id}`), 404);
  });
}
