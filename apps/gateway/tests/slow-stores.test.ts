import { connectMysql, connectPostgres } from "@quintet/db";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Answer } from "./harness/client.ts";
import { type Installation, startBehindHttp, startMounted } from "./harness/installation.ts";
import { testSettings } from "./harness/test-settings.ts";

/** The tables that the searches of each app read, held by somebody else, so that no search of theirs ends by itself. */
const held = {
  postgres: "LOCK TABLE directory.last_names, directory.first_names, social.posts IN ACCESS EXCLUSIVE MODE",
  mysql: "LOCK TABLES property WRITE, listing WRITE, status_history WRITE, liked_properties WRITE",
};
const searches = ["/directory/users?name=smi", "/properties?city=casa", "/social/posts?search=hola"];
/** More than any pool has connections. */
const atOnce = 15;
const seconds = 5;
const soon = { timeout: 20_000, interval: 50 };

describe.each([
  ["mounted", startMounted],
  ["behind HTTP", startBehindHttp],
])("searches that a store cannot end, %s", (_, start) => {
  const opened = new AsyncDisposableStack();
  let quintet: Installation;
  let hold: () => Promise<AsyncDisposable>;
  let blocked: () => Promise<number>;

  beforeAll(async () => {
    const { MYSQL_URL = "", POSTGRES_URL = "" } = opened.use(await testSettings()).shared;
    quintet = opened.use(await start({ MYSQL_URL, POSTGRES_URL, STATEMENT_SECONDS: `${seconds}` }));
    const sql = connectPostgres(POSTGRES_URL, { connections: 2, statementSeconds: 0 });
    opened.defer(() => sql.end({ timeout: 1 }));
    const mysql = connectMysql(MYSQL_URL, { connections: 2, statementSeconds: 0 });
    opened.defer(() => mysql.end());
    hold = async () => {
      const holder = await mysql.getConnection();
      await holder.query(held.mysql);
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const locked = Promise.withResolvers<void>();
      const done = sql.begin(async (tx) => {
        // It stands still on purpose, for longer than a transaction of ours may.
        await tx`SET LOCAL idle_in_transaction_session_timeout = 0`;
        await tx.unsafe(held.postgres);
        locked.resolve();
        await released;
      });
      await locked.promise;
      return {
        async [Symbol.asyncDispose]() {
          release();
          await done;
          await holder.query("UNLOCK TABLES");
          holder.release();
        },
      };
    };
    // What properties compares in the background, `SELECT MIN(…)`, has no client that may go.
    blocked = async () => {
      const [row] = await sql`SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      const [rows] = await mysql.query(
        "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for%lock' AND info NOT LIKE 'SELECT MIN(%'",
      );
      return Number(row?.n) + Number((rows as { n: number }[])[0]?.n);
    };
  }, 300_000);
  afterAll(() => opened.disposeAsync());

  it("are a 503 with Retry-After in their time, and nothing else waits for them", async () => {
    const { plain, anyone } = quintet;
    await using _held = await hold();
    const asked = searches.flatMap((path, app) =>
      Array.from({ length: atOnce }, (_, i) => plain.get(`${path}${app === 0 ? "x".repeat(i) : i}`)),
    );
    await vi.waitFor(async () => expect(await blocked()).toBeGreaterThanOrEqual(3), soon);
    const others: Answer[] = await Promise.all([
      anyone.get("/health"),
      ...["directory", "properties", "social"].map((app) => anyone.get(`/${app}/health`)),
      anyone.get("/directory/users/1"),
      plain.get("/auth/me"),
      plain.get("/ingest/loads"),
      plain.post("/queue/push", { a: 1 }),
    ]);
    expect(others.map(({ status, text }) => [status, status >= 500 ? text : ""])).toEqual(
      [200, 200, 200, 200, 404, 200, 200, 201].map((status) => [status, ""]),
    );
    for (const answer of await Promise.all(asked)) {
      expect([answer.status, answer.text]).toEqual([503, answer.text]);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    }
    await vi.waitFor(async () => expect(await blocked()).toBe(0), soon);
  }, 120_000);

  it("end when their clients go", async () => {
    const held = await hold();
    try {
      const since = performance.now();
      const stop = new AbortController();
      const headers = { Authorization: quintet.plain.headers.Authorization ?? "" };
      const asked = searches.map((path) => fetch(`${quintet.origin}${path}`, { signal: stop.signal, headers }));
      await vi.waitFor(async () => expect(await blocked()).toBeGreaterThanOrEqual(3), soon);
      stop.abort();
      await Promise.allSettled(asked);
      await vi.waitFor(async () => expect(await blocked()).toBe(0), soon);
      // Not by their limit.
      expect(performance.now() - since).toBeLessThan(seconds * 1000);
    } finally {
      await held[Symbol.asyncDispose]();
    }
  }, 120_000);
});
