import { setImmediate as turn } from "node:timers/promises";
import { connectPostgres, connectRedis } from "@quintet/db";
import { testPrefix } from "@quintet/db/testing";
import { createLogger, currentRequest, inRequest, RequestRecord } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { type CacheStore, redisCacheStore } from "../src/cache/cache-store.ts";
import { followChanges } from "../src/cache/change-log.ts";
import { createResponseCache } from "../src/cache/response-cache.ts";
import { type Installation, listOf, openDirectory, someone } from "./installation.ts";

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

const cacheOf = (response: { headers: Headers }) => response.headers.get("x-cache");

describe("over HTTP", () => {
  it("responds from the cache, and with 304 to a client that has the response", async () => {
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
});

describe("the cache by itself", () => {
  const log = createLogger({ service: "directory", level: "silent" });
  /** A response of a search for `word`. */
  const response = (body: string, word = "nobody") => ({
    response: { etag: `"${body}"`, body },
    scope: { words: [word], shows: [], inFull: false },
  });

  /** Several caches on one Redis, as several processes have them. */
  function openCaches(
    count: number,
    { deadlineMs, ...options }: Parameters<typeof createResponseCache>[3] & { deadlineMs?: number } = {},
    url: string = inject("cacheRedisUrl"),
    through = (store: CacheStore, _index: number) => store,
  ) {
    const stack = new AsyncDisposableStack();
    const prefix = testPrefix();
    const caches = Array.from({ length: count }, (_, index) => {
      const redis = connectRedis(url, { prefix, onError: () => {} });
      stack.defer(() => redis.disconnect());
      const changes = connectPostgres(directory.postgresUrl, { connections: 1 });
      stack.defer(() => changes.end({ timeout: 1 }));
      return createResponseCache(
        through(redisCacheStore(redis, deadlineMs), index),
        followChanges(changes),
        log,
        options,
      );
    });
    return { caches, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }
  type Cache = ReturnType<typeof createResponseCache>;
  const settle = (cache: Cache) => cache.read("settle", async () => response("settled"));
  /** Lets reads that were begun before come as far as they can: this one asks the same stores after them. */
  let passed = 0;
  const letPass = (cache: Cache) => cache.read(`passed ${passed++}`, async () => response("passed"));
  const write = (lastName: string) => directory.staff("POST", "/directory/users", someone({ lastName }));

  /** Neither a slow Redis nor a slow computation is a reason to compute twice in these tests. */
  const patient = { deadlineMs: 30_000, claimMs: 30_000 };

  it("computes once however many ask, in all processes", async () => {
    await using opened = openCaches(3, patient);
    for (const cache of opened.caches) await settle(cache);
    let computed = 0;
    const gate = Promise.withResolvers<void>();
    const reads = opened.caches.flatMap((cache) =>
      Array.from({ length: 50 }, () =>
        cache.read("key", async () => {
          computed++;
          await gate.promise;
          return response("a");
        }),
      ),
    );
    await vi.waitFor(() => expect(computed).toBe(1), 20_000);
    gate.resolve();
    const results = await Promise.all(reads);
    expect(computed).toBe(1);
    expect(new Set(results.map((result) => result.response.body))).toEqual(new Set(["a"]));
  });

  it("uses what another process stored after this one read and before it claimed", async () => {
    const stored = Promise.withResolvers<void>();
    const claiming: string[] = [];
    const delayed = (store: CacheStore): CacheStore => ({
      ...store,
      async claim(...args) {
        claiming.push(args[0]);
        await stored.promise;
        return store.claim(...args);
      },
    });
    await using opened = openCaches(2, patient, undefined, (store, index) => (index === 0 ? store : delayed(store)));
    const [cache, late] = opened.caches as [Cache, Cache];
    const read = late.read("key", async () => response("computed twice"));
    await vi.waitFor(() => expect(claiming).toEqual(["key"]), 20_000);
    await cache.read("key", async () => response("computed once"));
    stored.resolve();
    expect((await read).response.body).toBe("computed once");
  });

  it("keeps no entry longer because the clock was a day ahead and is set back", async () => {
    const day = 86_400_000;
    await using opened = openCaches(2, { freshMs: 200, ttlMs: 60_000 });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + day });
    try {
      const [cache, other] = opened.caches as [Cache, Cache];
      const read = (from: Cache, body: string) => from.read("ahead", async () => response(body));
      expect((await read(cache, "ahead")).state).toBe("MISS");
      vi.setSystemTime(Date.now() - day);
      for (const one of [cache, other]) {
        await vi.waitFor(async () => expect((await read(one, "back")).response.body).toBe("back"), 10_000);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it("cancels a computation when all waiting clients have disconnected, and not before", async () => {
    await using opened = openCaches(1);
    const cache = opened.caches[0] as Cache;
    await settle(cache);
    const requests = [1, 2, 3].map(() => new RequestRecord(undefined, undefined));
    const [first, second, third] = requests as [RequestRecord, RequestRecord, RequestRecord];
    const begun: PromiseWithResolvers<string>[] = [];
    const ended: PromiseWithResolvers<string>[] = [];
    const ask = (request: RequestRecord) =>
      inRequest(request, () =>
        cache.read("shared", async () => {
          const work = Promise.withResolvers<string>();
          begun.push(work);
          currentRequest()?.whenClientGone(() => ended.push(work));
          return response(await work.promise);
        }),
      );
    const gone = ask(first);
    const stays = ask(second);
    await vi.waitFor(() => expect(begun).toHaveLength(1), 20_000);
    first.clientGone();
    expect(ended).toEqual([]);
    begun[0]?.resolve("for the other");
    expect((await stays).response.body).toBe("for the other");
    expect((await gone).response.body).toBe("for the other");

    await write("Nobody");
    const left = ask(third);
    await vi.waitFor(() => expect(begun).toHaveLength(2), 20_000);
    third.clientGone();
    // Who comes now does not join what comes to nothing.
    const late = ask(second);
    await vi.waitFor(() => expect(begun).toHaveLength(3), 20_000);
    expect(ended).toEqual([begun[1]]);
    ended[0]?.reject(new Error("ended"));
    await expect(left).rejects.toThrow("ended");
    begun[2]?.resolve("anew");
    expect((await late).response.body).toBe("anew");
  });

  it("does not keep a response that a write affected during its computation", async () => {
    await using opened = openCaches(2);
    const [reader, writer] = opened.caches as [Cache, Cache];
    for (const cache of opened.caches) await settle(cache);
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const slow = reader.read("key", async () => {
      started.resolve();
      await gate.promise;
      return response("old", "meanwhile");
    });
    await started.promise;
    await write("Meanwhile");
    // Whoever asks after the write gets what was computed after it, also where the other computation is still going on.
    const later = opened.caches.map((cache) => cache.read("key", async () => response("new", "meanwhile")));
    await letPass(reader);
    gate.resolve();
    expect((await slow).response.body).toBe("old");
    for (const read of later) expect((await read).response.body).toBe("new");
    for (const cache of [reader, writer]) {
      expect((await cache.read("key", async () => response("new", "meanwhile"))).response.body).toBe("new");
    }
  });

  it("does not keep a page if a user next to it was renamed during its computation", async () => {
    await using opened = openCaches(1);
    const [cache] = opened.caches as [Cache];
    const path = (await write("Beside One")).headers.get("location") ?? "";
    const place = { last: "a", first: "a", id: 1 };
    const page = {
      response: response("page").response,
      scope: { words: ["beside"], span: { from: place, to: place }, shows: [], inFull: false },
    };
    const rename = async (lastName: string) =>
      expect((await directory.staff("PATCH", path, { lastName }, { "If-Match": "*" })).status).toBe(200);
    const state = async (during = async () => {}) => {
      const compute = async () => {
        await during();
        return page;
      };
      return (await cache.read("page", compute)).state;
    };
    // It is made of several statements: one may have seen the old name, and another one the new.
    expect(await state(() => rename("Beside Two"))).toBe("MISS");
    expect(await state()).toBe("MISS");
    await rename("Beside Three");
    expect(await state()).toBe("HIT");
  });

  it.each([
    ["with Redis", inject("cacheRedisUrl")],
    ["without", "redis://127.0.0.1:1"],
  ])("shares a computation that started before a write that does not affect it, %s", async (_, url) => {
    await using opened = openCaches(1, {}, url);
    const [cache] = opened.caches as [Cache];
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const first = cache.read("key", async () => {
      started.resolve();
      await gate.promise;
      return response("one", "somebodyelse");
    });
    await started.promise;
    await write("Aside");
    let again = 0;
    const second = cache.read("key", async () => {
      again++;
      return response("two", "somebodyelse");
    });
    await letPass(cache);
    gate.resolve();
    expect([(await first).response.body, (await second).response.body, again]).toEqual(["one", "one", 0]);
  });

  it("does not return the error of a computation that started before the last write", async () => {
    await using opened = openCaches(1);
    const [cache] = opened.caches as [Cache];
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const failing = cache.read("key", async () => {
      started.resolve();
      await gate.promise;
      throw new Error("There is no such user.");
    });
    await started.promise;
    await write("Created");
    const after = cache.read("key", async () => response("there"));
    await letPass(cache);
    gate.resolve();
    await expect(failing).rejects.toThrow("no such user");
    expect((await after).response.body).toBe("there");
  });

  it("returns a stale response at once and refreshes it in the background", async () => {
    await using opened = openCaches(1, { freshMs: 0, ttlMs: 60_000 });
    const [cache] = opened.caches as [Cache];
    await cache.read("key", async () => response("1"));
    let renewed = false;
    const stale = await cache.read("key", async () => {
      await turn();
      renewed = true;
      return response("2");
    });
    expect([stale.state, stale.response.body]).toEqual(["STALE", "1"]);
    await vi.waitFor(async () => {
      expect(renewed).toBe(true);
      expect((await cache.read("key", async () => response("2"))).response.body).toBe("2");
    }, 20_000);
  });

  it("returns the error of a computation to its waiters, and computes again for the next request", async () => {
    await using opened = openCaches(1);
    const [cache] = opened.caches as [Cache];
    await settle(cache);
    const failing = Array.from({ length: 3 }, () => cache.read("key", async () => Promise.reject(new Error("no"))));
    for (const result of await Promise.allSettled(failing)) expect(result.status).toBe("rejected");
    expect((await cache.read("key", async () => response("a"))).state).toBe("MISS");
  });
});
