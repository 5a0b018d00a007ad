import { connectMysql, connectPostgres, inMysqlTransaction } from "@quintet/db";
import { testMysql, testPostgres } from "@quintet/db/testing";
import { inRequest, isTimeout, RequestRecord, toProblem } from "@quintet/http";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { StatementTimeout } from "../src/limits/statement-timer.ts";

/** What is thrown when a statement took too long: the server, or whoever waits for it, gives it up, and clients may come again. */
async function expectTimeout(work: Promise<unknown>, by?: "server"): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isTimeout(error), String(error)).toBe(true);
  if (by) expect(error).not.toBeInstanceOf(StatementTimeout);
  expect(toProblem(error)).toMatchObject({ status: 503, headers: { "Retry-After": "2" } });
}

const soon = { timeout: 20_000, interval: 50 };
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

/** What a pool of either server is asked for, in its words. */
interface Dialect {
  sleep: (seconds: number) => string;
  /** The statements of this database that sleep just now for so long. */
  sleeping: (seconds: number) => string;
  run(text: string): Promise<unknown>;
  transaction(work: (run: (text: string) => Promise<unknown>) => Promise<unknown>): Promise<unknown>;
  end(): Promise<void>;
}

type Options = { statementSeconds: number; idleSeconds?: number; endsWithClient?: boolean; connections?: number };

async function mysqlDatabase(): Promise<{ url: string; open: (url: string, options: Options) => Dialect }> {
  const { url } = stack.use(await testMysql(inject("mysqlUrl")));
  const open = (at: string, options: Options): Dialect => {
    const pool = connectMysql(at, options);
    return {
      sleep: (seconds) => `SELECT SLEEP(${seconds})`,
      sleeping: (seconds) => `SELECT COUNT(*) AS n FROM information_schema.processlist
        WHERE db = DATABASE() AND info LIKE 'SELECT SLEEP(${seconds})%'`,
      run: async (text) => (await pool.query<RowDataPacket[]>(text))[0],
      transaction: (work) => inMysqlTransaction(pool, (on) => work(async (text) => (await on.query(text))[0])),
      end: () => pool.end(),
    };
  };
  return { url, open };
}

async function postgresDatabase(): Promise<{ url: string; open: (url: string, options: Options) => Dialect }> {
  const { url } = stack.use(await testPostgres(inject("postgresUrl")));
  const open = (at: string, options: Options): Dialect => {
    const sql = connectPostgres(at, options);
    return {
      sleep: (seconds) => `SELECT pg_sleep(${seconds})`,
      sleeping: (seconds) => `SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(${seconds})%' AND state = 'active'`,
      run: async (text) => await sql.unsafe(text),
      transaction: (work) => sql.begin((tx) => work(async (text) => await tx.unsafe(text))),
      end: () => sql.end({ timeout: 1 }),
    };
  };
  return { url, open };
}

describe.concurrent.each([
  ["MySQL", mysqlDatabase],
  ["Postgres", postgresDatabase],
])("%s", (_, database) => {
  let far: () => Promise<{ proxy: StoreProxy; far: Dialect }>;
  let limited: Dialect;
  let plain: Dialect;
  let direct: (options: Options) => Dialect;

  beforeAll(async () => {
    const { url, open } = await database();
    direct = (options) => {
      const made = open(url, options);
      stack.defer(() => made.end());
      return made;
    };
    far = async () => {
      const proxy = stack.use(await storeProxy(url));
      return { proxy, far: open(proxy.url, { statementSeconds: 1, connections: 2 }) };
    };
    plain = direct({ statementSeconds: 5 });
    limited = direct({ statementSeconds: 1, connections: 2 });
    await limited.run("CREATE TABLE held (id int PRIMARY KEY)");
    await limited.run("INSERT INTO held VALUES (1)");
    await limited.run("CREATE TABLE kept (id int PRIMARY KEY)");
  });

  const asleep = async (seconds: number) => {
    const rows = (await plain.run(limited.sleeping(seconds))) as { n: number }[];
    return Number(rows[0]?.n);
  };

  it("ends a statement that takes too long, in the server too, and goes on", async () => {
    await expectTimeout(limited.run(limited.sleep(30)), "server");
    await expectTimeout(
      limited.transaction((run) => run(limited.sleep(30))),
      "server",
    );
    await vi.waitFor(async () => expect(await asleep(30)).toBe(0), soon);
  });

  it("ends one that waits for the lock of another", async () => {
    const patient = direct({ statementSeconds: 0 });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let holds = () => {};
    const held = new Promise<void>((resolve) => {
      holds = resolve;
    });
    const holder = patient.transaction(async (run) => {
      await run("UPDATE held SET id = 1 WHERE id = 1");
      holds();
      await released;
    });
    await held;
    await expectTimeout(limited.run("UPDATE held SET id = 1 WHERE id = 1"));
    release();
    await holder;
  });

  it("has no limit where it is told to have none", async () => {
    const patient = direct({ statementSeconds: 0 });
    await patient.run(limited.sleep(1.5));
  });

  it("does not wait for a connection longer than for a statement", async () => {
    const one = direct({ statementSeconds: 1, connections: 1 });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holder = one.transaction(() => released);
    await expectTimeout(one.run("INSERT INTO kept VALUES (2)"));
    await expectTimeout(one.transaction((run) => run("INSERT INTO kept VALUES (3)")));
    release();
    await holder;
    // What was given up while it waited is not done later.
    expect(await one.run("SELECT id FROM kept")).toEqual([]);
  });

  it("ends a statement whose client has gone, and that one alone", async () => {
    const reading = direct({ statementSeconds: 30, endsWithClient: true, connections: 2 });
    const [leaving, staying] = [new RequestRecord(undefined, undefined), new RequestRecord(undefined, undefined)];
    const left = inRequest(leaving, () => reading.run(limited.sleep(20)));
    const stays = inRequest(staying, () => reading.run(limited.sleep(2)));
    const waits = inRequest(leaving, () => reading.run(limited.sleep(20)));
    await vi.waitFor(async () => expect([await asleep(20), await asleep(2)]).toEqual([1, 1]), soon);
    leaving.clientGone();
    await Promise.all([expectTimeout(left), expectTimeout(waits), stays]);
    await vi.waitFor(async () => expect(await asleep(20)).toBe(0), soon);
    await reading.run(limited.sleep(0));
  });

  it("waits for a server that stands still no longer than for a statement, and goes on with it", async () => {
    const { proxy, far: pool } = await far();
    try {
      await Promise.all([pool.run(limited.sleep(0)), pool.run(limited.sleep(0))]);
      proxy.freeze();
      await Promise.all([
        expectTimeout(pool.run(limited.sleep(0))),
        expectTimeout(pool.transaction((run) => run(limited.sleep(0)))),
        expectTimeout(pool.run(limited.sleep(0))),
      ]);
      proxy.thaw();
      await vi.waitFor(() => pool.run(limited.sleep(0)), soon);
      await pool.transaction((run) => run(limited.sleep(0)));
    } finally {
      proxy.thaw();
      await pool.end();
    }
  });

  it("ends a transaction that stands still, and lets others have what it held", async () => {
    const standing = direct({ statementSeconds: 0, idleSeconds: 1, connections: 1 });
    const error = await standing
      .transaction(async (run) => {
        await run("INSERT INTO held VALUES (71)");
        // Waits for the transaction to be ended.
        await plain.run("INSERT INTO held VALUES (71)");
        await run("INSERT INTO held VALUES (72)");
      })
      .catch((thrown: unknown) => thrown);
    expect(toProblem(error)).toMatchObject({ status: 503, headers: { "Retry-After": "2" } });
    const rows = (await standing.run("SELECT id FROM held WHERE id > 70")) as { id: number }[];
    expect(rows.map(({ id }) => id)).toEqual([71]);
  });

  it("ends a transaction of which the server stops answering in the middle", async () => {
    const { proxy, far: pool } = await far();
    try {
      const cut = pool.transaction(async (run) => {
        await run("INSERT INTO held VALUES (4)");
        proxy.freeze();
      });
      await expectTimeout(cut);
    } finally {
      proxy.thaw();
      await pool.end();
    }
  });
});
