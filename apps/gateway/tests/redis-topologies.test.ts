import { until } from "@quintet/http/testing";
import {
  openRedisCluster,
  openRedisSentinels,
  type RedisCluster,
  type RedisProcess,
  type RedisSentinels,
} from "@quintet/stores/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installation, startBehindHttp, startMounted } from "./harness/installation.ts";
import { keyedCalls } from "./harness/keyed-calls.ts";
import { logIn } from "./harness/person.ts";
import { secretMark } from "./harness/test-settings.ts";

/** All of Quintet with its durable Redis as a cluster and its cache behind Sentinels. */
const isFull = process.env.QUINTET_FAULTS === "full";
const ways: [string, typeof startMounted][] = [["mounted", startMounted]];
if (isFull) ways.push(["behind HTTP", startBehindHttp]);

describe.each(ways)("%s", (_, start) => {
  const opened = new AsyncDisposableStack();
  let cluster: RedisCluster;
  let sentinels: RedisSentinels;
  let all: Installation;
  let made = 0;

  beforeAll(async () => {
    [cluster, sentinels] = await Promise.all([openRedisCluster(), openRedisSentinels()]);
    opened.use(cluster);
    opened.use(sentinels);
    all = opened.use(
      await start({ REDIS_URL: cluster.url, CACHE_REDIS_URL: sentinels.url, RATE_LIMIT_PER_MINUTE: "100000" }),
    );
  }, 300_000);
  afterAll(() => opened.disposeAsync());

  /** What uses Redis, in every app, and responds as with one Redis. */
  const useEverything = async () => {
    const { anyone, plain, staff } = all;
    for (const app of ["auth", ...all.apps]) {
      const health = await anyone.get(`/${app}/health`);
      expect([app, health.status, health.json().status]).toEqual([app, 200, "ok"]);
    }
    const wrong = new URLSearchParams({ grant_type: "password", username: plain.username, password: "wrong" });
    expect((await anyone.post("/auth/token", wrong)).status).toBe(400);
    const user = { firstName: "Ana", lastName: "Spread", email: `spread.${++made}@example.com` };
    expect((await staff.post("/directory/users", user)).status).toBe(201);
    const search = `/directory/users?name=spread${++made}`;
    await anyone.get(search);
    await until(async () => (await anyone.get(search)).headers["x-cache"] === "HIT");
    expect((await plain.post("/queue/push", { made })).status).toBe(201);
    expect((await plain.post("/queue/pop")).json()).toMatchObject({ message: { made } });
    // Counted in Redis for all processes.
    const left = async () => Number(/r=(\d+)/.exec(String((await anyone.get("/queue")).headers.ratelimit))?.[1]);
    const before = await left();
    for (let i = 0; i < 5; i++) expect(await left()).toBeLessThan(before);
    expect((await staff.get("/")).status).toBe(200);
  };

  /** A changed password ends the sessions in every process, within the time that is promised. */
  const revoke = async () => {
    const password = `${secretMark}before`;
    const username = `leaver${++made}`;
    await all.anyone.post("/auth/register", { username, email: `${username}@example.com`, password });
    const person = await logIn(all.origin, username, password);
    const changed = { currentPassword: password, newPassword: `${secretMark}after` };
    expect((await person.post("/auth/password", changed)).status).toBe(204);
    const revokedAt = performance.now();
    await until(async () => {
      for (let i = 0; i < 8; i++) if ((await person.get("/queue/count")).status !== 401) return false;
      return true;
    });
    expect(performance.now() - revokedAt).toBeLessThan(3000);
  };

  it("every app works, every keyed request has one effect, and no command has keys on two nodes", async () => {
    await useEverything();
    await revoke();
    const calls = await keyedCalls(all);
    for (const [i, [name, call]] of Object.entries(calls).entries()) {
      const shot = await call(`spread${i}`);
      const headers = { ...shot.headers, "Idempotency-Key": `key-${i}` };
      const first = await shot.by.post(shot.path, shot.body, { headers });
      const second = await shot.by.post(shot.path, shot.body, { headers });
      expect([name, first.status < 300, second.status], `${first.text} ${second.text}`).toEqual([
        name,
        true,
        first.status,
      ]);
      expect([name, await shot.effects(second)]).toEqual([name, 1]);
    }
    expect(all.output()).not.toMatch(/CROSSSLOT|MOVED|same slot|"level":"?(?:50|error)/);
  });

  it("goes on after the fail-over of each master of the cluster, and of the cache's", async () => {
    const masters = await cluster.masters();
    const failing: [RedisProcess, () => Promise<boolean>][] = (isFull ? masters : masters.slice(0, 1)).map(
      ({ master }) => [master, async () => (await cluster.masters()).every((one) => one.master !== master)],
    );
    const cache = await sentinels.master();
    failing.push([cache, async () => (await sentinels.master()) !== cache]);
    for (const [server, isReplaced] of failing) {
      await server.kill();
      await until(isReplaced);
      await until(() =>
        useEverything().then(
          () => true,
          () => undefined,
        ),
      );
      await revoke();
      if (server === cache) continue;
      server.start();
      await cluster.isWhole();
    }
  });
});
