import { connectRedis } from "@quintet/db";
import { testPrefix } from "@quintet/db/testing";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { revocationPublisher, streamSilenceMs, subscribeToRevocations } from "../src/revocation/revocation-stream.ts";
import { createRevokedTable, type RevokedTable } from "../src/revocation/revoked-table.ts";

/** What counts as having heard from Redis; the beats are the test's own. */
const opened = new AsyncDisposableStack();
let proxy: StoreProxy;

beforeAll(async () => {
  proxy = opened.use(await storeProxy(inject("redisUrl")));
});
afterAll(() => opened.disposeAsync());

function stream() {
  const prefix = testPrefix();
  const redis = connectRedis(inject("redisUrl"), { prefix, onError: () => {} });
  opened.defer(() => redis.disconnect());
  const announce = revocationPublisher(redis);
  const follow = () => {
    const table = createRevokedTable(Date.now);
    const far = connectRedis(proxy.url, { prefix, silenceMs: streamSilenceMs, onError: () => {} });
    opened.use(subscribeToRevocations(far, table));
    return table;
  };
  return { redis, announce, follow, beat: () => announce([], true) };
}

const isOpen = async (table: RevokedTable) => {
  try {
    await table.ensureCurrent();
    return true;
  } catch {
    return false;
  }
};
const opens = (table: RevokedTable) =>
  vi.waitFor(async () => expect(await isOpen(table)).toBe(true), { timeout: 20_000, interval: 20 });

test("a beat that lay in Redis already says nothing; a new one does, and from then on an unbroken connection", async () => {
  const { announce, follow, beat } = stream();
  const gone = { kind: "session", subject: "s", epoch: 0 } as const;
  await announce([gone], true);
  const table = follow();
  expect(await isOpen(table)).toBe(false);
  expect(table.since(0)).toEqual([gone]);
  await beat();
  await opens(table);
  // No more beats: the issuer is gone, and so is MySQL.
  const until = performance.now() + 2500;
  while (performance.now() < until) {
    expect(await isOpen(table)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // After a gap something may be missing.
  await proxy.cut();
  await proxy.restore();
  await vi.waitFor(async () => expect(await isOpen(table)).toBe(false), { timeout: 20_000, interval: 50 });
  const later = { kind: "account", subject: "7", epoch: 3 } as const;
  await announce([later], true);
  await opens(table);
  expect(table.since(0)).toContainEqual(later);
});

test("a stream keeps what is younger than a token lives, by Redis's own clock, and one beat for all who send one", async () => {
  const { redis, announce, beat } = stream();
  const day = 86_400_000;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + day });
  try {
    expect(await announce([{ kind: "token", subject: "t", epoch: 0 }], true)).toBe(true);
    expect(await Promise.all([beat(), beat(), beat()])).toEqual([false, false, false]);
    expect(await redis.xlen("revocations")).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
