import { randomBytes } from "node:crypto";
import { testPrefix } from "@quintet/db/testing";
import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { freePort, until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { queue as queueApp } from "../../queue/src/index.ts";
import { seededRandom } from "../src/demo/random.ts";
import { properties as definition } from "../src/index.ts";
import { readSearch } from "../src/routes/saved-search-schemas.ts";
import { matches, readWatched } from "../src/saved-searches/watched.ts";
import { searchProperties } from "../src/search/search.ts";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

const seed = Number(process.env.QUINTET_SEED ?? 5);
const hostile = `<script>alert(1)</script>"'&%00 ' OR 1=1 --`;
const log = createLogger({ service: "test", level: "silent" });

let listings: OpenListings;
let port: number;

beforeAll(async () => {
  port = await freePort();
  listings = await openListings(undefined, ({ plain }) => ({
    NOTIFY_QUEUE: "watch",
    NOTIFY_QUEUE_URL: `http://127.0.0.1:${port}`,
    NOTIFY_USERNAME: plain.username,
    NOTIFY_PASSWORD: plain.password,
    NOTIFY_SECONDS: "0",
    SAVED_SEARCHES_MAX: "3",
  }));
});
afterAll(() => listings?.[Symbol.asyncDispose]());

interface Saved {
  id: number;
  name: string;
  search: Record<string, unknown>;
  url: string;
  notify: boolean;
  lookedAt: string;
  newResults: number | null;
  errors?: { path: string }[];
}

async function save(
  body: object,
  { as = listings.plain, headers = {} }: { as?: OpenListings["plain"]; headers?: Record<string, string> } = {},
) {
  const { status, body: saved, headers: received } = await listings.call("POST", "/searches", { as, headers, body });
  expect(status, saved.detail).toBe(201);
  expect(received.get("location")).toBe(`/properties/searches/${saved.id}`);
  return saved as unknown as Saved;
}
const list = async (as = listings.plain) => {
  const { status, body } = await listings.get("/searches", { as });
  expect(status, body.detail).toBe(200);
  return body.searches as Saved[];
};
const removeAll = async () => {
  for (const as of [listings.plain, listings.other]) {
    for (const { id } of await list(as)) await listings.call("DELETE", `/searches/${id}`, { as });
  }
};
const patch = (id: number, body: object) =>
  listings.call("PATCH", `/${id}`, { as: listings.staff, headers: anyVersion, body });

describe("saved searches", () => {
  test("are kept, changed and deleted by their account alone", async () => {
    const search = { city: ["Neiva", "cali"], maxPrice: 300, q: "balcón & luz" };
    const saved = await save({ name: hostile, search, notify: false }, { headers: { "Idempotency-Key": "one" } });
    const again = await save({ name: hostile, search, notify: false }, { headers: { "Idempotency-Key": "one" } });
    expect(again).toEqual(saved);
    expect(saved).toMatchObject({ name: hostile, search: { city: ["Neiva", "cali"], maxPrice: "300" }, newResults: 0 });
    const text = await save({ name: "as text", search: "?status=vendido&sort=-price" });
    expect(text).toMatchObject({ url: "/properties?status=vendido&sort=-price", notify: false });
    expect((await list()).map(({ id }) => id)).toEqual([text.id, saved.id]);
    const [first] = (await listings.get("/searches?limit=1")).body.searches as Saved[];
    expect(first?.id).toBe(text.id);
    const path = `/searches/${saved.id}`;
    for (const [method, at, body] of [
      ["GET", path, undefined],
      ["GET", `${path}/results`, undefined],
      ["PATCH", path, { name: "mine" }],
      ["DELETE", path, undefined],
    ] as const) {
      for (const as of [listings.other, listings.staff]) {
        expect((await listings.call(method, at, { as, body })).status, `${method} ${at}`).toBe(404);
      }
    }
    expect(await list(listings.other)).toEqual([]);
    const changed = await listings.call("PATCH", path, { body: { name: "Neiva", search: {}, notify: true } });
    expect(changed.body).toMatchObject({ name: "Neiva", search: {}, url: "/properties", notify: true });
    await save({ name: "third", search: {} });
    const { status, body } = await listings.call("POST", "/searches", { body: { name: "fourth", search: {} } });
    expect([status, body.detail]).toEqual([409, "An account keeps at most 3 searches. Delete one first."]);
    await removeAll();
    expect((await listings.get(path)).status).toBe(404);
  });

  test.each([
    [{ name: "x", search: { minPrice: "cheap" } }, "search.minPrice"],
    [{ name: "x", search: { limit: 5 } }, "search.limit"],
    [{ name: "x", search: "cursor=abc" }, "search.cursor"],
    [{ name: "x", search: { colour: "red" } }, "search.colour"],
    [{ name: "x", search: `q=${"x".repeat(9000)}` }, "search"],
    [{ name: "x", search: { city: Array.from({ length: 11 }, (_, i) => `c${i}`) } }, "search.city"],
    [{ name: " ", search: {} }, "name"],
    [{ name: "x", search: {}, notify: "yes" }, "notify"],
    [{ name: "x", search: {}, owner: 1 }, "owner"],
  ])("%j is refused", async (body, path) => {
    const answer = await listings.call("POST", "/searches", { body });
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, path]);
  });

  test("count and show what is new, until it was looked at", async () => {
    const city = "Sogamoso";
    const saved = await save({ name: "new ones", search: { city, q: "balcon" } });
    const id = await listings.create({ city });
    await listings.create({ city, description: "Sin nada" });
    await listings.create({ city, status: "comprado" });
    expect(await list()).toMatchObject([{ id: saved.id, newResults: 1, newResultsExact: true }]);
    const path = `/searches/${saved.id}`;
    const found = await listings.get(`${path}/results?new=true`);
    expect(found.body.properties.map((property) => property.id)).toEqual([id]);
    expect((await listings.get(path)).body).toMatchObject({ newResults: 1 });
    const looked = await listings.call("PATCH", path, { body: { lookedAt: found.body.asOf } });
    expect(looked.body).toMatchObject({ newResults: 0, lookedAt: found.body.asOf });
    expect((await listings.get(`${path}/results?new=true`)).body).toMatchObject({ properties: [], nextCursor: null });
    expect((await listings.get(`${path}/results`)).body.properties.map((property) => property.id)).toEqual([id]);
    await listings.call("PATCH", path, { body: { lookedAt: "9999-01-01T00:00:00Z" } });
    const { lookedAt } = (await listings.get(path)).body;
    expect(new Date(String(lookedAt)).getFullYear()).toBeLessThan(9999);
    // A search that an earlier version has saved and this one refuses.
    await listings.deps.db.pool.query("UPDATE saved_search SET query = 'city=cali&sort=rarest' WHERE id = ?", [
      saved.id,
    ]);
    expect(await list()).toMatchObject([{ newResults: null, errors: [{ path: "sort" }] }]);
    const refused = await listings.get(`${path}/results`);
    expect([refused.status, refused.body.errors[0]?.path]).toEqual([422, "search.sort"]);
    await removeAll();
  });

  test("are matched in memory as they are searched", async () => {
    const random = seededRandom(seed);
    const cities = ["Bogotá", "BOGOTA", "Cali", "Cúcuta"];
    const orNull = <T>(value: T) => (random.chance(30) ? null : value);
    const rows = Array.from({ length: 60 }, (_, i) => [
      500_000 + i,
      random.pick(["Calle 1", "Ático"]),
      random.pick(cities),
      orNull(random.whole(1, 9) * 100),
      random.pick(["Casa con jardín", "Ático", "casa"]),
      orNull(random.whole(2000, 2003)),
      orNull(random.whole(1, 4)),
      orNull(random.whole(30, 90)),
      orNull(random.pick(["casa", "Lote"])),
      orNull(4.6 + random.whole(0, 99) / 1000),
      -74 - random.whole(0, 99) / 1000,
    ]);
    const ids = rows.map(([id]) => Number(id));
    const { pool } = listings.deps.db;
    await pool.query("ALTER TABLE property MODIFY price BIGINT NULL, MODIFY year SMALLINT NULL");
    const columns = "id, address, city, price, description, year, rooms, area, type, lat, lon";
    await pool.query(`INSERT INTO property (${columns}) VALUES ?`, [rows]);
    await pool.query(
      "INSERT INTO status_history (property_id, status_id, update_date) SELECT id, 2 + id MOD 4, UTC_TIMESTAMP() FROM property WHERE id >= 500000",
    );
    await listings.deps.db.fresh();
    const { db, savedSearches } = listings.deps;
    const watched = await readWatched(db, ids);
    const statuses = await db.statuses();
    const choices: [string, () => string | number][] = [
      ["city", () => random.pick(["bogota", "CALI", "cucuta", "Atlantis"])],
      ["minPrice", () => random.whole(1, 5) * 100],
      ["maxPrice", () => random.whole(5, 9) * 100],
      ["minYear", () => random.whole(2000, 2003)],
      ["status", () => random.pick(["vendido", "en_venta"])],
      ["rooms", () => random.whole(1, 4)],
      ["maxArea", () => random.whole(40, 80)],
      ["type", () => random.pick(["CASA", "lote"])],
      ["near", () => `4.65,-74.05,${random.whole(1, 8)}`],
      ["bbox", () => "4.61,-74.08,4.68,-74.02"],
      ["q", () => random.pick(["jardin", "cas", "atico"])],
      ["newSince", () => random.pick(["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])],
    ];
    let results = 0;
    for (let i = 0; i < 100; i++) {
      const chosen = choices.filter(() => random.chance(20)).map(([name, value]) => [name, String(value())]);
      const query = new URLSearchParams(chosen as [string, string][]).toString();
      const read = readSearch(query);
      const watch = await savedSearches.toWatch(query, statuses);
      if (!("search" in read) || !watch) throw new Error(`${query} is no search.`);
      const found = (await searchProperties(db, read.search, 100)).properties.map(({ id }) => id);
      const matched = watched.filter((listing) => matches(watch, listing)).map(({ id }) => id);
      expect(
        matched.toSorted((a, b) => a - b),
        `seed ${seed}: ${query}`,
      ).toEqual(found.filter((id) => ids.includes(id)));
      results += found.length;
    }
    expect(results).toBeGreaterThan(100);
  });
});

describe("notifications", () => {
  const prefix = testPrefix();

  /** The queue app, at the address where the listings send messages. It keeps what it has between two starts. */
  async function startQueue(): Promise<AsyncDisposable & { listening: Listening }> {
    const config = queueApp.loadConfig({
      REDIS_URL: inject("redisUrl"),
      REDIS_PREFIX: prefix,
      QUINTET_SECRET: randomBytes(32).toString("hex"),
      AUTH_URL: "http://issuer.test",
    });
    const deps = queueApp.createDeps(config, { log, auth: listings.deps.auth });
    const listening = await serve(listenerOf(queueApp.createApp(deps)), {
      port,
      host: "127.0.0.1",
      log,
      drainSeconds: 0,
    });
    return {
      listening,
      async [Symbol.asyncDispose]() {
        await listening.close();
        await deps[Symbol.asyncDispose]();
      },
    };
  }

  interface Message {
    search: { id: number; name: string };
    account: number;
    count: number;
    properties: number[];
  }

  const onQueue = async (method: string, path: string, body?: object, as = listings.plain) => {
    const response = await fetch(`http://127.0.0.1:${port}/queue/queues/watch${path}`, {
      method,
      headers: { Authorization: as.bearer, "Content-Type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return {
      status: response.status,
      body: (await response.json()) as { messages: { body: Message; receipt: string }[] },
    };
  };
  /** Receives messages until they have `count` properties, and acks them. */
  async function receive(count: number): Promise<Message[]> {
    const got: Message[] = [];
    await until(async () => {
      const { status, body } = await onQueue("POST", "/receive", { max: 100 });
      if (status !== 200) return false;
      const receipts = body.messages.map(({ receipt }) => receipt);
      if (receipts.length > 0) await onQueue("POST", "/ack", { receipts });
      got.push(...body.messages.map((message) => message.body));
      return got.reduce((sum, message) => sum + message.count, 0) >= count;
    });
    return got;
  }
  const left = async () => {
    const [row] = await readRows<{ n: number }>(
      listings.deps.db.pool,
      "SELECT (SELECT COUNT(*) FROM search_change) + (SELECT COUNT(*) FROM search_digest) AS n",
      {},
    );
    return row?.n;
  };

  test("reach the queue once each, by two processes, also when it was away", async () => {
    const city = "Villavicencio";
    const account = listings.other.account.id;
    const cheap = await save({ name: hostile, search: { city, maxPrice: 100 }, notify: true }, { as: listings.other });
    const wordy = await save({ name: "words", search: { city, q: "piscina" }, notify: true });
    await save({ name: "silent", search: { city } });
    // A second process, which shares the work with the first.
    await using second = definition.createDeps(listings.config, { log, auth: listings.deps.auth });
    second.notifications.start();
    const [a, b] = [await listings.create({ city, price: 50 }), await listings.create({ city, price: 500 })];
    const dug = await until(() =>
      readRows<{ matches: number }>(listings.deps.db.pool, "SELECT matches FROM search_digest", {}).then(
        ([row]) => row,
      ),
    );
    expect(dug.matches).toBe(1); // The queue is away: it waits.
    {
      await using _ = await startQueue();
      expect(await receive(1)).toMatchObject([
        { search: { id: cheap.id, name: hostile }, account, count: 1, properties: [a] },
      ]);
      await until(async () => (await left()) === 0);
      // Only the account that sends, and staff, may read what is sent about others.
      expect((await onQueue("POST", "/receive", {}, listings.other)).status).toBe(403);
      expect((await onQueue("POST", "/receive", {}, listings.staff)).status).toBe(200);
    }
    await patch(b, { price: 90 }); // It matches now.
    await patch(a, { price: 60 }); // It did before.
    await patch(a, { description: "Con piscina" });
    {
      await using _ = await startQueue();
      const messages = await receive(2);
      const found = messages.map(({ search, properties }) => [search.id, ...properties]);
      expect(found.toSorted(([x = 0], [y = 0]) => x - y)).toEqual([
        [cheap.id, b],
        [wordy.id, a],
      ]);
      await until(async () => (await left()) === 0);
      expect((await onQueue("POST", "/receive", { max: 100 })).body.messages).toEqual([]);
    }
    await removeAll();
  });

  test("of many changes are few messages", async () => {
    const city = "Quibdó";
    const saved = await save({ name: "all", search: { city }, notify: true });
    const { pool } = listings.deps.db;
    const count = 600;
    const values = Array.from({ length: count }, (_, i) => [1_000_000 + i, "Calle", city, 1, "", 2000]);
    await pool.query("INSERT INTO property (id, address, city, price, description, year) VALUES ?", [values]);
    await pool.query(
      "INSERT INTO status_history (property_id, status_id, update_date) SELECT id, 4, UTC_TIMESTAMP() FROM property WHERE id >= 1000000",
    );
    await listings.deps.db.fresh();
    await using _ = await startQueue();
    const messages = await receive(count);
    expect(messages.reduce((sum, message) => sum + message.count, 0)).toBe(count);
    expect(messages.length).toBeLessThan(8);
    for (const { search, properties } of messages) {
      expect([search.id, properties.length <= 20]).toEqual([saved.id, true]);
    }
    await until(async () => (await left()) === 0);
    await removeAll();
  });
});
