import { randomBytes } from "node:crypto";
import { type TestAccount, type TestAuth, testAuth } from "@quintet/accounts/testing";
import { connectRedis, type Redis } from "@quintet/db";
import { removeKeys, testPrefix } from "@quintet/db/testing";
import { createLogger } from "@quintet/http";
import { readResponse, requestApp, type TestResponse } from "@quintet/http/testing";
import { expect, inject } from "vitest";
import { createApp } from "../src/app.ts";
import { type Deps, queue as definition } from "../src/index.ts";
import { queueKey, queueKeys } from "../src/keys.ts";
import type { Flow } from "../src/queues/flow.ts";

/** The options of a request. A text or bytes are sent as they are, any other body as JSON. */
export interface CallOptions {
  as?: TestAccount | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A received message, as far as the tests look at it. */
export interface Received {
  id: string;
  body: unknown;
  receipt: string;
  receives: number;
  sentAt: string;
  leasedUntil: string;
  priority: number;
  groupId: string | null;
  tenantId: string | null;
  dedupeId: string | null;
  firstReceivedAt: string;
  number: number;
  deadLetterOf: string | null;
}

/** The app on a key prefix of its own, with real accounts and the real Redis. */
export interface OpenQueue extends AsyncDisposable {
  deps: Deps;
  people: TestAuth;
  /** A client on the app's own keys, to read them and to simulate the passing of time. */
  redis: Redis;
  prefix: string;
  request(method: string, path: string, call?: CallOptions): Promise<TestResponse>;
  /** Creates a named queue as staff. */
  makeQueue(settings?: object, name?: string): Promise<NamedQueue>;
}

/** Operations on one named queue by a plain account; each expects success. */
export interface NamedQueue {
  name: string;
  path: string;
  send(...messages: object[]): Promise<string[]>;
  receive(options?: object): Promise<Received[]>;
  /** `ack`, `nack` or `extend`: the status of each receipt. */
  settle(verb: string, receipts: string[], rest?: object): Promise<string[]>;
  counts(): Promise<Record<string, number>>;
  /** Simulates the passing of time for the messages in a set, or for those with these ids. */
  pass(ms: number, part: "delayed" | "leases" | "ages" | "dead", ids?: string[]): Promise<void>;
  /** The keys, by the names that `keys.ts` gives their parts. */
  key(part: string): string;
}

/** Opens the app; with the `people` of another app it shares its accounts. */
export async function openQueue(
  options: {
    redisUrl?: string;
    prefix?: string;
    settings?: Record<string, string>;
    people?: TestAuth;
    stopping?: AbortSignal;
  } = {},
): Promise<OpenQueue> {
  const people = options.people ?? (await testAuth(inject("mysqlUrl")));
  const redisUrl = options.redisUrl ?? inject("redisUrl");
  const prefix = options.prefix ?? testPrefix();
  const config = definition.loadConfig({
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix,
    QUINTET_SECRET: randomBytes(32).toString("hex"),
    AUTH_URL: "http://issuer.test",
    ...options.settings,
  });
  const log = createLogger({ service: "queue", level: "silent" });
  const stopping = options.stopping ?? new AbortController().signal;
  const deps = definition.createDeps(config, { log, auth: people.auth, stopping });
  const redis = connectRedis(redisUrl, { prefix: `${prefix}queue:`, onError: () => {} });
  const app = createApp(deps);
  deps.sweep.start();

  const request: OpenQueue["request"] = async (method, path, { as = people.plain, body, headers, signal } = {}) => {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const sent = raw
      ? { body: body as RequestInit["body"], headers: { "Content-Type": "application/json", ...headers } }
      : { json: body, headers };
    return readResponse(await requestApp(app, method, path, { authorization: as.bearer, ...sent, signal }));
  };

  const good = async (path: string, body: object, status = 200) => {
    const response = await request("POST", path, { body });
    expect(response.status, response.text).toBe(status);
    return response;
  };

  let made = 0;
  const makeQueue: OpenQueue["makeQueue"] = async (settings = {}, name = `q${++made}`) => {
    const path = `/queue/queues/${name}`;
    const response = await request("PUT", path, { as: people.staff, body: settings });
    expect(response.status, response.text).toBe(201);
    return {
      name,
      path,
      async send(...messages) {
        const sent = await good(`${path}/messages`, { messages }, 201);
        return sent.json<{ messages: { id: string }[] }>().messages.map((message) => message.id);
      },
      async receive(input = {}) {
        const received = await good(`${path}/receive`, { max: 100, ...input });
        return received.json<{ messages: Received[] }>().messages;
      },
      async settle(verb, receipts, rest = {}) {
        const told = await good(`${path}/${verb}`, { receipts, ...rest });
        return told.json<{ results: { status: string }[] }>().results.map((result) => result.status);
      },
      async counts() {
        const shown = (await request("GET", path)).json<{ counts: Record<string, number>; flow: Flow }>();
        expectConserved(shown);
        return shown.counts;
      },
      async pass(ms, part, ids) {
        const key = queueKey(name, part);
        for (const id of ids ?? (await redis.zrange(key, "0", "-1"))) await redis.zincrby(key, -ms, id);
        if (part === "delayed") await setDue(redis, name, ids ?? (await redis.zrange(key, "0", "-1")));
        await redis.hdel(queueKey(name, "settings"), "nextDue");
      },
      key: (part) => queueKeys(name).find((key) => key.endsWith(`:${part}`)) ?? "",
    };
  };

  return {
    deps,
    people,
    redis,
    prefix,
    request,
    makeQueue,
    async [Symbol.asyncDispose]() {
      await deps[Symbol.asyncDispose]();
      // The server may belong to the test and have stopped already.
      await removeKeys(redis, `${prefix}queue:`).catch(() => {});
      redis.disconnect();
      if (!options.people) await people[Symbol.asyncDispose]();
    },
  };
}

/** Records have the end of a delay as well; they are packed by Lua, so Lua must change them. */
async function setDue(redis: Redis, name: string, ids: string[]): Promise<void> {
  const lua = `for _, id in ipairs(ARGV) do
      local record = cmsgpack.unpack(redis.call('HGET', KEYS[1], id))
      record[3] = tonumber(redis.call('ZSCORE', KEYS[2], id))
      redis.call('HSET', KEYS[1], id, cmsgpack.pack(record))
    end`;
  await redis.eval(lua, 2, queueKey(name, "records"), queueKey(name, "delayed"), ...ids);
}

/** Expects that the messages that entered a queue are those that left it and those in it. */
export function expectConserved({ counts, flow }: { counts: Record<string, number>; flow: Flow }): void {
  const left = flow.acked + flow.expired + flow.purged + flow.movedOut;
  expect(flow.sent + flow.movedIn, JSON.stringify({ counts, flow })).toBe(left + Number(counts.length));
}
