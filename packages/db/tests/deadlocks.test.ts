import { connectMysql, connectPostgres, inMysqlTransaction, retryOnDeadlock } from "@quintet/db";
import { testMysql, testPostgres } from "@quintet/db/testing";
import type { RowDataPacket } from "mysql2/promise";
import { describe, expect, inject, it, vi } from "vitest";

/** MariaDB shows who waits as of a look at it 100 ms ago, if nobody looked since. */
const soon = { timeout: 20_000, interval: 150 };

/** No statement ends because the machine is slow. */
const patient = { statementSeconds: 60, idleSeconds: 60 };

type Run = (text: string) => Promise<unknown>;

/** A pool of either server, in words that both have. */
interface Pool extends AsyncDisposable {
  run: Run;
  /** What waits for a lock just now. */
  waiting: string;
  /** Has a transaction find no deadlock by itself. */
  neverGiveWay: string;
  transaction(work: (run: Run) => Promise<unknown>): Promise<unknown>;
}

async function mysqlPool(): Promise<Pool> {
  const database = await testMysql(inject("mysqlUrl"));
  const pool = connectMysql(database.url, patient);
  return {
    waiting: `SELECT 1 FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
      WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'`,
    neverGiveWay: "DO 0",
    run: async (text) => (await pool.query<RowDataPacket[]>(text))[0],
    transaction: (work) => inMysqlTransaction(pool, (on) => work((text) => on.query(text))),
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function postgresPool(): Promise<Pool> {
  const database = await testPostgres(inject("postgresUrl"));
  const sql = connectPostgres(database.url);
  await sql.unsafe(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET deadlock_timeout = '100ms'`);
  await sql.end();
  const quick = connectPostgres(database.url, patient);
  return {
    waiting: "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    neverGiveWay: "SET LOCAL deadlock_timeout = '1min'",
    run: async (text) => [...(await quick.unsafe(text))],
    transaction: (work) => quick.begin((tx) => work(async (text) => tx.unsafe(text))),
    async [Symbol.asyncDispose]() {
      await quick.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Resolves for all when so many have come; later ones do not wait. */
function meeting(many: number): () => Promise<void> {
  const met = Promise.withResolvers<void>();
  let come = 0;
  return () => {
    if (++come >= many) met.resolve();
    return met.promise;
  };
}

describe.each([
  ["MySQL", mysqlPool],
  ["Postgres", postgresPool],
])("%s", (_, opened) => {
  it("runs a transaction again that had to give way, and what it does is done once", async () => {
    await using pool = await opened();
    await pool.run("CREATE TABLE counted (id int PRIMARY KEY, n int)");
    await pool.run("INSERT INTO counted VALUES (1, 0), (2, 0)");
    const meet = meeting(2);
    let attempts = 0;
    const both = (first: number, second: number) =>
      pool.transaction(async (run) => {
        attempts++;
        await run(`UPDATE counted SET n = n + 1 WHERE id = ${first}`);
        await meet();
        await run(`UPDATE counted SET n = n + 1 WHERE id = ${second}`);
      });
    await Promise.all([both(1, 2), both(2, 1)]);
    expect(attempts).toBeGreaterThan(2);
    expect(await pool.run("SELECT n FROM counted ORDER BY id")).toEqual([{ n: 2 }, { n: 2 }]);
  });

  it("sends a statement by itself again that had to give way", async () => {
    await using pool = await opened();
    await pool.run("CREATE TABLE counted (id int PRIMARY KEY, n int)");
    const ids = Array.from({ length: 300 }, (_, id) => id + 1);
    await pool.run(`INSERT INTO counted VALUES ${ids.map((id) => `(${id}, 0)`).join(", ")}`);
    const waiting = (count: number) =>
      vi.waitFor(async () => expect(await pool.run(pool.waiting)).toHaveLength(count), soon);
    let attempts = 0;
    let alone: Promise<unknown> | undefined;
    const release = Promise.withResolvers<void>();
    // The statement locks row 1, waits for row 2, and closes the circle at row 300 when both others are where they are to be.
    // MySQL then ends the smaller one, and Postgres the one that finds the circle, which the transaction does not look for.
    const holder = pool.transaction(async (run) => {
      await run("UPDATE counted SET n = n + 1 WHERE id = 2");
      await release.promise;
    });
    await pool.transaction(async (run) => {
      attempts++;
      await run(pool.neverGiveWay);
      await run("UPDATE counted SET n = n + 1 WHERE id > 100");
      alone = pool.run("UPDATE counted SET n = n + 1 WHERE id IN (1, 2, 300)");
      await waiting(1);
      const last = run("UPDATE counted SET n = n + 1 WHERE id = 1");
      await waiting(2);
      release.resolve();
      await last;
    });
    await Promise.all([alone, holder]);
    expect(attempts).toBe(1);
    const found = await pool.run("SELECT n FROM counted WHERE id IN (1, 2, 300) ORDER BY id");
    expect(found).toEqual([{ n: 2 }, { n: 2 }, { n: 2 }]);
  });
});

it("gives up after five attempts, and at once on any other error", async () => {
  for (const [error, expected] of [
    [Object.assign(new Error("deadlock"), { errno: 1213 }), 5],
    [new Error("wrapped", { cause: Object.assign(new Error("deadlock"), { code: "40P01" }) }), 5],
    [Object.assign(new Error("taken"), { errno: 1062 }), 1],
  ] as const) {
    let attempts = 0;
    await expect(retryOnDeadlock(() => Promise.reject(++attempts ? error : undefined))).rejects.toBe(error);
    expect(attempts).toBe(expected);
  }
});
