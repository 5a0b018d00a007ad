import { connect, createServer } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { connectRedis } from "@quintet/db";
import { testPrefix } from "@quintet/db/testing";
import { createLogger } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { redisCacheStore } from "../src/cache-store.ts";
import type { Answer } from "../src/cached-entry.ts";
import { createResultCache } from "../src/result-cache.ts";
import { type Installation, listOf, openDirectory, someone } from "./installation.ts";

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

const cacheOf = (answer: { headers: Headers }) => answer.headers.get("x-cache");

describe("over HTTP", () => {
  it("answers from the cache, and 304 to who has it", async () => {
    const path = "/directory/users?name=nobody";
    const first = await directory.anyone("GET", path);
    const second = await directory.anyone("GET", path);
    expect([cacheOf(first), cacheOf(second)]).toEqual(["MISS", "HIT"]);
    const tag = first.headers.get("etag") ?? "";
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
      const third = await directory.anyone("GET", path, undefined, { "If-None-Match": known });
      expect([third.status, third.text, third.headers.get("etag"), cacheOf(third)]).toEqual([304, "", tag, "HIT"]);
      expect(third.headers.get("cache-control")).toBe(first.headers.get("cache-control"));
    }
    expect((await directory.anyone("GET", path, undefined, { "If-None-Match": '"x"' })).status).toBe(200);
  });

  it("lets the next read see every kind of write, through another instance too", async () => {
    await using other = directory.instance();
    const list = async () => listOf(await other.anyone("GET", "/directory/users?name=seen")).users.map((u) => u.bio);
    expect(await list()).toEqual([]);
    const made = await directory.staff("POST", "/directory/users", someone({ lastName: "Seen", bio: "1" }));
    expect(await list()).toEqual(["1"]);
    const path = made.headers.get("location") ?? "";
    expect(JSON.parse((await other.anyone("GET", path)).text).bio).toBe("1");
    await directory.staff("PATCH", path, { bio: "2" }, { "If-Match": "*" });
    expect(await list()).toEqual(["2"]);
    expect(JSON.parse((await other.anyone("GET", path)).text).bio).toBe("2");
    await directory.staff("DELETE", path);
    expect(await list()).toEqual([]);
    expect((await other.anyone("GET", path)).status).toBe(404);
  });

  it("shares what one instance has computed with the others", async () => {
    await using other = directory.instance();
    await other.anyone("GET", "/directory/users?name=settle");
    await directory.anyone("GET", "/directory/users?name=shared");
    expect(cacheOf(await other.anyone("GET", "/directory/users?name=shared"))).toBe("HIT");
  });

  it("reads and writes without Redis", async () => {
    await using alone = directory.instance({
      REDIS_URL: "redis://127.0.0.1:1",
      CACHE_REDIS_URL: "redis://127.0.0.1:1",
    });
    const made = await alone.staff("POST", "/directory/users", someone({ lastName: "Alone" }));
    expect(made.status).toBe(201);
    const found = await alone.anyone("GET", "/directory/users?name=alone");
    expect([cacheOf(found), listOf(found).total]).toEqual(["MISS", 1]);
    const path = made.headers.get("location") ?? "";
    await alone.staff("PATCH", path, { lastName: "Lonely" }, { "If-Match": "*" });
    expect(listOf(await alone.anyone("GET", "/directory/users?name=alone")).total).toBe(0);
  });

  it("trusts nothing that was cached before the connection was lost", async () => {
    await using way = await breakableWay(new URL(inject("cacheRedisUrl")));
    await using writer = directory.instance({ CACHE_REDIS_URL: way.url });
    const reads = (instance: { anyone: typeof directory.anyone }) =>
      instance.anyone("GET", "/directory/users?name=lost");
    await vi.waitFor(async () => {
      await reads(writer);
      expect(cacheOf(await reads(writer))).toBe("HIT");
    }, 20_000);
    way.cut();
    const made = await writer.staff("POST", "/directory/users", someone({ lastName: "Lost" }));
    expect(made.status).toBe(201);
    expect(listOf(await reads(writer)).total).toBe(1);
    way.mend();
    await vi.waitFor(async () => {
      const answer = await reads(writer);
      expect(listOf(answer).total).toBe(1);
      expect(cacheOf(answer)).toBe("HIT");
    }, 10_000);
    expect(listOf(await reads(directory)).total).toBe(1);
  });
});

describe("the cache by itself", () => {
  const log = createLogger({ service: "directory", level: "silent" });
  const answer = (body: string): Answer => ({ tag: `"${body}"`, body });

  /** Several caches on one Redis, as several processes have them. */
  function openCaches(count: number, options: Parameters<typeof createResultCache>[2] = {}) {
    const prefix = testPrefix();
    const connections = Array.from({ length: count }, () =>
      connectRedis(inject("cacheRedisUrl"), { prefix, onError: () => {} }),
    );
    return {
      caches: connections.map((redis) => createResultCache(redisCacheStore(redis), log, options)),
      async [Symbol.asyncDispose]() {
        for (const redis of connections) redis.disconnect();
      },
    };
  }
  const settle = (caches: ReturnType<typeof createResultCache>[]) =>
    Promise.all(caches.map((cache) => cache.read("settle", async () => answer("settled"))));

  it("computes once however many ask, in all processes", async () => {
    await using opened = openCaches(3);
    for (const cache of opened.caches) await settle([cache]);
    let computed = 0;
    const gate = Promise.withResolvers<void>();
    const reads = opened.caches.flatMap((cache) =>
      Array.from({ length: 50 }, () =>
        cache.read("key", async () => {
          computed++;
          await gate.promise;
          return answer("a");
        }),
      ),
    );
    await vi.waitFor(() => expect(computed).toBe(1), 20_000);
    gate.resolve();
    const results = await Promise.all(reads);
    expect(computed).toBe(1);
    expect(new Set(results.map((result) => result.answer.body))).toEqual(new Set(["a"]));
  });

  it("does not keep what was computed while a write was committed", async () => {
    await using opened = openCaches(2);
    for (const cache of opened.caches) await settle([cache]);
    const [reader, writer] = opened.caches as [(typeof opened.caches)[0], (typeof opened.caches)[0]];
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const slow = reader.read("key", async () => {
      started.resolve();
      await gate.promise;
      return answer("old");
    });
    await started.promise;
    await writer.invalidate();
    expect((await writer.read("key", async () => answer("new"))).answer.body).toBe("new");
    gate.resolve();
    await slow;
    for (const cache of opened.caches) {
      const { answer: read } = await cache.read("key", async () => answer("new"));
      expect(read.body).toBe("new");
    }
  });

  it("gives a stale answer at once and computes it anew behind", async () => {
    await using opened = openCaches(1, { freshMs: 0, keptMs: 60_000 });
    const [cache] = opened.caches;
    await cache!.read("key", async () => answer("1"));
    let renewed = false;
    const stale = await cache!.read("key", async () => {
      await turn();
      renewed = true;
      return answer("2");
    });
    expect([stale.state, stale.answer.body]).toEqual(["STALE", "1"]);
    await vi.waitFor(async () => {
      expect(renewed).toBe(true);
      expect((await cache!.read("key", async () => answer("2"))).answer.body).toBe("2");
    }, 20_000);
  });

  it("gives the error of a computation to those who wait for it, and tries again for the next", async () => {
    await using opened = openCaches(1);
    const [cache] = opened.caches;
    await settle([cache!]);
    const failing = Array.from({ length: 3 }, () => cache!.read("key", async () => Promise.reject(new Error("no"))));
    for (const result of await Promise.allSettled(failing)) expect(result.status).toBe("rejected");
    expect((await cache!.read("key", async () => answer("a"))).state).toBe("MISS");
  });
});

/** A TCP way to Redis that can be cut: connections are dropped and new ones refused until it is mended. */
async function breakableWay(target: URL) {
  const sockets = new Set<{ destroy(): unknown }>();
  let isOpen = true;
  const server = createServer((client) => {
    if (!isOpen) return client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.pipe(upstream).pipe(client);
    return client;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" ? address?.port : "");
  const cut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: url.href,
    cut,
    mend: () => {
      isOpen = true;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
    },
  };
}
