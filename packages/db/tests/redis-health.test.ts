import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { HealthCheckError } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { openRedisCluster, openRedisSentinels, type RedisSentinels } from "@quintet/stores/testing";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { healthRedis } from "../src/index.ts";
import type { RedisHealth } from "../src/redis/health.ts";

/** The outcome of a check: "ok" or its status and reason, with its details. */
async function look({ check }: RedisHealth) {
  try {
    return { status: "ok", details: (await check())?.details };
  } catch (error) {
    if (!(error instanceof HealthCheckError)) return { status: "unreachable", why: String(error) };
    return { status: error.status, why: error.message, details: error.details };
  }
}

describe("one Redis", () => {
  let servers: RedisSentinels["servers"];
  let sentinels: RedisSentinels;
  const opened: RedisHealth[] = [];
  const health = (options = {}) => {
    const one = healthRedis(`redis://:topology@127.0.0.1:${servers[0]?.port}`, options);
    opened.push(one);
    return one;
  };

  beforeAll(async () => {
    sentinels = await openRedisSentinels({ downAfterMs: 60_000 });
    servers = sentinels.servers;
  });
  afterAll(async () => {
    for (const one of opened) one.disconnect();
    await sentinels?.[Symbol.asyncDispose]();
  });

  it("is healthy alone, and tells of its replicas if it has any", async () => {
    const alone = healthRedis(inject("redisUrl"));
    opened.push(alone);
    expect(await look(alone)).toEqual({ status: "ok", details: undefined });
    expect(await look(health())).toMatchObject({
      status: "ok",
      details: { role: "master", replicas: 1, lagSeconds: expect.any(Number), minReplicasToWrite: 0 },
    });
  });

  it("a replica is not", async () => {
    const replica = healthRedis(`redis://:topology@127.0.0.1:${servers[1]?.port}`);
    opened.push(replica);
    expect(await look(replica)).toMatchObject({
      status: "failing",
      why: "Redis accepts no writes: it is a replica",
      details: { role: "replica" },
    });
    // One that may be written to loses what is written.
    await servers[1]?.command("CONFIG SET replica-read-only no");
    expect((await look(replica)).why).toBe("Redis accepts no writes: it is a replica");
    await servers[1]?.command("CONFIG SET replica-read-only yes");
  });

  it("neither is one whose memory is full, which still serves, or that cannot write to its disk", async () => {
    const [server] = servers;
    await server?.command("CONFIG SET maxmemory 1");
    expect(await look(health())).toMatchObject({
      status: "degraded",
      why: "Redis accepts nothing that needs memory: its memory is full",
    });
    await server?.command("CONFIG SET maxmemory 0");
    const folder = (await server?.command("CONFIG GET dir"))?.split("\n")[1] ?? "";
    await mkdir(join(folder, "gone"));
    await server?.command(`CONFIG SET dir ${join(folder, "gone")}`);
    await rm(join(folder, "gone"), { recursive: true });
    await server?.command("SET a 1");
    await server?.command('CONFIG SET save "1 1000000"');
    await until(async () => {
      await server?.command("BGSAVE").catch(() => {});
      return /rdb_last_bgsave_status:err/.test((await server?.command("INFO persistence")) ?? "");
    });
    expect(await look(health())).toMatchObject({
      status: "failing",
      why: "Redis accepts no writes: it cannot write to its disk",
    });
    await server?.command('CONFIG SET save ""');
    await server?.command(`CONFIG SET dir ${folder}`);
  });

  it("neither is one that has too few replicas, by its own setting or by REDIS_WAIT_REPLICAS", async () => {
    const [server] = servers;
    expect((await look(health({ waitReplicas: 1 }))).status).toBe("ok");
    expect(await look(health({ waitReplicas: 2 }))).toMatchObject({
      status: "failing",
      why: "Redis accepts no writes: it has 1 of the 2 replicas that REDIS_WAIT_REPLICAS requires",
      details: { replicas: 1, waitReplicas: 2 },
    });
    await server?.command("CONFIG SET min-replicas-to-write 2");
    expect(await look(health())).toMatchObject({
      status: "failing",
      why: "Redis accepts no writes: it has fewer replicas than its min-replicas-to-write",
      details: { minReplicasToWrite: 2 },
    });
    await server?.command("CONFIG SET min-replicas-to-write 0");
    expect((await look(health())).status).toBe("ok");
  });
});

it("a cluster is healthy when all its slots are served and all its masters accept writes", async () => {
  await using cluster = await openRedisCluster();
  const health = healthRedis(cluster.url, { waitReplicas: 1 });
  try {
    const { details } = await until(async () => {
      const seen = await look(health);
      return seen.status === "ok" && seen;
    });
    expect(details).toMatchObject({ mode: "cluster", masters: 3, slotsServed: 16384, role: "master", replicas: 1 });
    // On a busy machine a master may be replaced at any time.
    await expect
      .poll(async () => {
        const [first] = await cluster.masters();
        await first?.master.command("CONFIG SET min-replicas-to-write 2");
        return look(health);
      })
      .toMatchObject({
        status: "degraded",
        why: "the Redis cluster does not accept all writes: it has fewer replicas than its min-replicas-to-write",
      });
    await Promise.all(cluster.nodes.map((node) => node.command("CONFIG SET min-replicas-to-write 0")));
    // Without its replica a master is not replaced, and a cluster does not serve a part of its slots.
    const [, second] = await cluster.masters();
    await second?.replicas[0]?.kill();
    await second?.master.kill();
    await expect
      .poll(() => look(health))
      .toMatchObject({
        status: "failing",
        why: expect.stringMatching(/^the Redis cluster is down: \d+ of 16384 slots are not served/),
      });
  } finally {
    health.disconnect();
  }
});
