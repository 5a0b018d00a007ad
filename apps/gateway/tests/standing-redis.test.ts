import { chmod, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { openStores, type Stores } from "@quintet/stores";
import { pauseStore } from "@quintet/stores/testing";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Answer } from "./harness/client.ts";
import { type Installation, startBehindHttp, startMounted } from "./harness/installation.ts";

/** All of Quintet while one of its two Redis servers stands still (SIGSTOP): in two processes, and in full with a process per app. */
const isFull = process.env.QUINTET_FAULTS === "full";
/** 500 ms are promised beyond what a request takes anyhow; a machine that is busy with other tests gets more. */
const soonMs = isFull ? 700 : 2500;
const ways: [string, typeof startMounted][] = [["mounted", startMounted]];
if (isFull) ways.push(["behind HTTP", startBehindHttp]);

type Requests = [what: string, status: number, send: () => Promise<Answer>][];

describe.each(ways)("%s", (way, start) => {
  const opened = new AsyncDisposableStack();
  let stores: Stores;
  let all: Installation;
  let reads: Requests;
  let writesOfStaff: Requests;
  let messages: Requests;
  let made = 0;

  beforeAll(async () => {
    const dataDir = await mkdtemp(join(inject("runDir"), "standing-redis-"));
    await chmod(dataDir, 0o711);
    stores = opened.use(
      await openStores({ dataDir, needs: ["redis", "cache"], env: {}, progress: () => {}, durable: false }),
    );
    all = opened.use(await start({ ...stores.env, RATE_LIMIT_PER_MINUTE: "100000" }));
    const { anyone, plain, staff } = all;
    const signIn = (password: string) => {
      const form = { grant_type: "password", username: plain.username, password };
      return anyone.post("/auth/token", new URLSearchParams(form));
    };
    const user = () => ({ firstName: "Ana", lastName: "Standing", email: `standing.${++made}@example.com` });
    reads = [
      ["a search", 200, () => anyone.get(`/directory/users?name=standing${++made}`)],
      ["the same search", 200, () => anyone.get("/directory/users?name=standing")],
      ["suggestions", 200, () => anyone.get("/directory/suggest?name=stand")],
      ["posts", 200, () => plain.get("/social/posts")],
      ["a post", 201, () => plain.post("/social/posts", { title: "Standing", content: "still" })],
      ["listings", 404, () => plain.get("/properties")],
      ["loads", 200, () => plain.get("/ingest/loads")],
      ["signing in", 200, () => signIn(plain.password)],
      ["a wrong password", 400, () => signIn("wrong")],
      ["the account", 200, () => plain.get("/auth/me")],
      ["the first page", 200, () => staff.get("/")],
    ];
    writesOfStaff = [["a new user", 201, () => staff.post("/directory/users", user())]];
    messages = [
      ["a message", 201, () => plain.post("/queue/push", { standing: true })],
      ["the count of messages", 200, () => plain.get("/queue/count")],
    ];
  }, 300_000);
  afterAll(() => opened.disposeAsync());

  async function use(...requests: Requests): Promise<void> {
    for (const [what, status, send] of requests) {
      const from = performance.now();
      const answer = await send();
      expect([what, answer.status], answer.text).toEqual([what, status]);
      expect(performance.now() - from, `ms for ${what}`).toBeLessThan(soonMs);
    }
  }

  it("goes on as if nothing was without the cache's, and misses no write", async () => {
    await use(...writesOfStaff, ...reads, ...messages);
    {
      using _paused = await pauseStore(stores.location, "cache");
      for (let round = 0; round < 2; round++) await use(...writesOfStaff, ...reads, ...messages);
      const { total } = (await all.anyone.get("/directory/users?name=standing")).json<{ total: number }>();
      expect(total).toBe(3);
      expect((await all.anyone.get("/health")).status).toBe(200);
    }
    await vi.waitFor(async () => {
      const path = `/directory/users?name=again${++made}`;
      await all.anyone.get(path);
      expect((await all.anyone.get(path)).headers["x-cache"]).toBe("HIT");
    }, 20_000);
  });

  it("serves all but messages without the one that keeps, sign-ins too", async () => {
    {
      using _paused = await pauseStore(stores.location, "redis");
      await use(...reads);
      // What staff does in a process of its own is noted there before it is done, or refused.
      await use(
        ...(writesOfStaff.map(
          ([what, status, send]) => [what, way === "mounted" ? status : 503, send] as const,
        ) as Requests),
      );
    }
    await vi.waitFor(() => use(...messages, ...writesOfStaff), 20_000);
  });
});
