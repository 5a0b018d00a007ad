import { expect, it, vi } from "vitest";
import type { Client } from "../harness/client.ts";
import type { Installation } from "../harness/installation.ts";
import { register } from "../harness/person.ts";
import { expectProblem } from "../harness/problem.ts";
import { secretMark } from "../harness/test-settings.ts";
import { unique } from "../harness/values.ts";

/** What an account does with queues of its own beside sending and receiving, and the limits that it meets. */
export function queueManagement({ origin, plain }: Installation): void {
  const someone = () => register(origin, unique("owner"), `${secretMark}of-owner`);

  /** Makes a queue; returns its path. */
  const makeQueue = async (by: Client, settings: object = {}) => {
    const path = `/queue/queues/${unique("own")}`;
    const made = await by.put(path, settings);
    expect(made.status, made.text).toBe(201);
    return path;
  };
  const receiveOne = async (by: Client, path: string) => {
    const { messages } = (await by.post(`${path}/receive`)).json<{ messages: { id: string; receipt: string }[] }>();
    return messages[0] as { id: string; receipt: string };
  };

  it("shows a message, puts it off, and deletes it", async () => {
    const path = await makeQueue(plain);
    await plain.post(`${path}/messages`, { messages: [{ body: "leased" }, { body: "waits" }] });
    const leased = await receiveOne(plain, path);
    expectProblem(await plain.patch(`${path}/messages/${leased.id}`, { delaySeconds: 1 }), 409);
    const listed = await plain.get(`${path}/messages`, { state: "ready" });
    const [{ id } = { id: "" }] = listed.json<{ messages: { id: string }[] }>().messages;
    const later = await plain.patch(`${path}/messages/${id}`, { delaySeconds: 900 });
    expect([later.status, later.json()]).toMatchObject([200, { id, state: "delayed", body: "waits" }]);
    expect((await plain.delete(`${path}/messages/${id}`)).status).toBe(204);
    expectProblem(await plain.get(`${path}/messages/${id}`), 404);
    expect((await plain.delete(path)).status).toBe(204);
  });

  it("redrives as a task, one at a time, which can be cancelled until it has ended", async () => {
    const path = await makeQueue(plain, { maxReceives: 1 });
    await plain.post(`${path}/messages`, { messages: [{ body: 1 }, { body: 2 }] });
    for (const _ of [1, 2]) {
      const { receipt } = await receiveOne(plain, path);
      await plain.post(`${path}/nack`, { receipts: [receipt], delaySeconds: 0 });
    }
    const started = await plain.post(`${path}/redrive`, { perSecond: 1, max: 2 });
    expect([started.status, started.headers.location]).toEqual([202, `${path}/redrives/${started.json().id}`]);
    expectProblem(await plain.post(`${path}/redrive`, { perSecond: 1 }), 409);
    expect((await plain.delete(`${started.headers.location}`)).status).toBe(204);
    const cancelled = await plain.get(`${started.headers.location}`);
    expect([cancelled.status, cancelled.json()]).toMatchObject([200, { state: "cancelled" }]);
    const again = await plain.post(`${path}/redrive`, { perSecond: 10_000 });
    await vi.waitFor(async () => {
      expect((await plain.get(`${again.headers.location}`)).json()).toMatchObject({ state: "completed" });
    }, 20_000);
    expectProblem(await plain.delete(`${again.headers.location}`), 409);
    expect((await plain.delete(path)).status).toBe(204);
  });

  it("keeps a hundred schedules of an account, which others do not see", async () => {
    const owner = await someone();
    const input = { cron: "@yearly", queue: "no-such-queue", body: { a: 1 } };
    const name = unique("schedule");
    const put = (path: string) => owner.put(`/queue/schedules/${path}`, input);
    expect((await put(name)).status).toBe(201);
    const again = await put(name);
    expect([again.status, again.json()]).toMatchObject([200, { name, body: { a: 1 }, owner: owner.id }]);
    const shown = await owner.get(`/queue/schedules/${name}`);
    expect([shown.status, shown.json().nextFireAt]).toEqual([200, expect.stringMatching(/-01-01T00:00:00/)]);
    expectProblem(await plain.get(`/queue/schedules/${name}`), 403);
    expect((await plain.get("/queue/schedules")).text).not.toContain(name);
    const rest = await Promise.all(Array.from({ length: 99 }, (_, i) => put(`${name}-${i}`)));
    expect(rest.filter(({ status }) => status !== 201)).toEqual([]);
    expectProblem(await put(`${name}-more`), 429);
  });

  it("keeps ten subscriptions of a queue", async () => {
    const path = await makeQueue(plain);
    const put = (id: string) => plain.put(`${path}/subscriptions/${id}`, { url: "https://example.com/" });
    const made = await put("a");
    expect([made.status, made.json().secret]).toEqual([201, expect.stringMatching(/^whsec_/)]);
    const again = await put("a");
    expect([again.status, again.json().secret]).toEqual([200, undefined]);
    const shown = await plain.get(`${path}/subscriptions/a`);
    expect([shown.status, shown.json()]).toMatchObject([200, { id: "a", status: "active", owner: plain.id }]);
    for (let i = 1; i < 10; i++) expect((await put(`b${i}`)).status).toBe(201);
    expectProblem(await put("more"), 429);
    expect((await plain.delete(path)).status).toBe(204);
  });

  it("keeps twenty access keys of an account", async () => {
    const owner = await someone();
    const made = await Promise.all(Array.from({ length: 20 }, () => owner.post("/queue/access-keys")));
    expect(made.filter(({ status }) => status !== 201)).toEqual([]);
    expectProblem(await owner.post("/queue/access-keys"), 409);
    const { accessKeyId, secretAccessKey } = (made[0] as (typeof made)[0]).json<Record<string, string>>();
    const listed = await owner.get("/queue/access-keys");
    expect([listed.text.includes(`${accessKeyId}`), listed.text.includes(`${secretAccessKey}`)]).toEqual([true, false]);
    expectProblem(await plain.delete(`/queue/access-keys/${accessKeyId}`), 404);
    expect((await owner.delete(`/queue/access-keys/${accessKeyId}`)).status).toBe(204);
    expect((await owner.post("/queue/access-keys")).status).toBe(201);
  });

  it("tells an account that has all that it may have", async () => {
    const owner = await someone();
    const path = await makeQueue(owner);
    for (let i = 1; i < 10; i++) await makeQueue(owner);
    const large = "x".repeat(900_000);
    expect((await owner.post(`${path}/messages`, { body: large })).status).toBe(201);
    for (const _ of [1, 2]) expect((await owner.post("/queue/push", large)).status).toBe(201);
    for (const refused of [
      await owner.put(`/queue/queues/${unique("own")}`, {}),
      await owner.post(`${path}/messages`, { body: large }),
      await owner.post("/queue/push", large),
    ]) {
      expectProblem(refused, 429);
      expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
    }
    expect((await owner.post(`${path}/purge`)).status).toBe(204);
    expect((await owner.post(`${path}/messages`, { body: large })).status).toBe(201);
    for (const _ of [1, 2]) expect((await owner.post("/queue/pop")).json().id).toBeDefined();
  });
}
