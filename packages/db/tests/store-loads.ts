import { setTimeout as delay } from "node:timers/promises";
import { connectMysql, connectPostgres, connectRedis, inMysqlTransaction } from "@quintet/db";
import { testMysql, testPostgres, testPrefix } from "@quintet/db/testing";
import type { RowDataPacket } from "mysql2/promise";
import { expect, inject } from "vitest";

/** What is done with a store, each kind of work again and again at once; a piece resolves, or rejects when the store fails. */
export interface StoreLoad extends AsyncDisposable {
  url: string;
  /** Opens the client that is looked at, through `url`. */
  open(url: string): { kinds: Record<string, (n: number) => Promise<unknown>>; close(): Promise<unknown> };
  /** Makes the server itself end the connections of this load. */
  terminate(): Promise<unknown>;
  /** Checks by the way past the proxy that what was done was done once, and whole. */
  verify(): Promise<void>;
}

/** Pieces of work whose confirmation came. */
class Confirmed {
  readonly rows = new Set<number>();
  readonly pairs = new Set<number>();

  /** That each pair is whole, and that nothing which was confirmed is absent. */
  verify(rows: number[], pairs: [id: number, count: number][]): void {
    expect(pairs.filter(([, count]) => count !== 2)).toEqual([]);
    const present = new Set(rows);
    expect([...this.rows].filter((n) => !present.has(n))).toEqual([]);
    const whole = new Set(pairs.map(([id]) => id));
    expect([...this.pairs].filter((n) => !whole.has(n))).toEqual([]);
  }
}

const limits = { connections: 4, statementSeconds: 1 };

export async function postgresLoad(): Promise<StoreLoad> {
  const database = await testPostgres(inject("postgresUrl"));
  const direct = connectPostgres(database.url, { connections: 1, statementSeconds: 0 });
  await direct`CREATE TABLE single (n int PRIMARY KEY)`;
  await direct`CREATE TABLE pair (id int, half int, PRIMARY KEY (id, half))`;
  const confirmed = new Confirmed();
  return {
    url: database.url,
    open(url) {
      const sql = connectPostgres(url, limits);
      return {
        close: () => sql.end({ timeout: 1 }),
        kinds: {
          async simple(n) {
            const [row] = await sql<{ n: number }[]>`SELECT ${n}::int AS n`;
            expect(row?.n).toBe(n);
          },
          async firstTime(n) {
            const [row] = await sql.unsafe(`SELECT $1::int AS n, '${n}' AS text`, [n], { prepare: true });
            expect(row).toEqual({ n, text: String(n) });
          },
          async refusedByTheDriver(n) {
            await delay(1); // It may be refused without a turn of the event loop.
            await expect(
              sql`SELECT ${Number.NaN}::int, ${new Date(Number.NaN)}::timestamptz, ${n}::int`,
            ).rejects.toThrow();
          },
          async write(n) {
            await sql`INSERT INTO single VALUES (${n})`;
            confirmed.rows.add(n);
          },
          async transaction(n) {
            await sql.begin(async (tx) => {
              await tx`INSERT INTO pair VALUES (${n}, 1)`;
              await delay(n % 7);
              await tx`INSERT INTO pair VALUES (${n}, 2)`;
            });
            confirmed.pairs.add(n);
          },
          async cursor(n) {
            let rows = 0;
            for await (const some of sql`SELECT generate_series(1, 60), ${n}::int`.cursor(20)) {
              rows += some.length;
              await delay(n % 3);
            }
            expect(rows).toBe(60);
          },
          async cancelled() {
            const query = sql`SELECT pg_sleep(0.05)`;
            // As the apps do, which wait for the query alone: the driver may never settle a cancellation whose connection is lost.
            const cancelled = setTimeout(() => Promise.resolve(query.cancel()).catch(() => {}), 10);
            await query.catch(() => {});
            clearTimeout(cancelled);
          },
        },
      };
    },
    terminate: () => direct`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    async verify() {
      const pairs = await direct<{ id: number; count: number }[]>`SELECT id, count(*)::int FROM pair GROUP BY id`;
      confirmed.verify(
        (await direct<{ n: number }[]>`SELECT n FROM single`).map(({ n }) => n),
        pairs.map(({ id, count }) => [id, count]),
      );
    },
    async [Symbol.asyncDispose]() {
      await direct.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

export async function mysqlLoad(): Promise<StoreLoad> {
  const database = await testMysql(inject("mysqlUrl"));
  const direct = connectMysql(database.url, { connections: 2, statementSeconds: 0 });
  await direct.query("CREATE TABLE single (n INT PRIMARY KEY)");
  await direct.query("CREATE TABLE pair (id INT, half INT, PRIMARY KEY (id, half))");
  const confirmed = new Confirmed();
  return {
    url: database.url,
    open(url) {
      const pool = connectMysql(url, limits);
      const reading = connectMysql(url, { ...limits, endsWithClient: true });
      return {
        close: () => Promise.all([pool.end().catch(() => {}), reading.end().catch(() => {})]),
        kinds: {
          async simple(n) {
            const [[row]] = await pool.query<RowDataPacket[]>("SELECT :n AS n", { n });
            expect(row?.n).toBe(n);
          },
          async prepared(n) {
            const [[row]] = await reading.execute<RowDataPacket[]>("SELECT :n + 0 AS n", { n });
            expect(row?.n).toBe(n);
          },
          async firstTime(n) {
            const [[row]] = await pool.execute<RowDataPacket[]>(`SELECT :n + 0 AS n, '${n}' AS text`, { n });
            expect(row).toEqual({ n, text: String(n) });
          },
          async write(n) {
            await pool.execute("INSERT INTO single VALUES (:n)", { n });
            confirmed.rows.add(n);
          },
          async transaction(n) {
            await inMysqlTransaction(pool, async (on) => {
              await on.execute("INSERT INTO pair VALUES (:n, 1)", { n });
              await delay(n % 7);
              await on.execute("INSERT INTO pair VALUES (:n, 2)", { n });
            });
            confirmed.pairs.add(n);
          },
        },
      };
    },
    async terminate() {
      const [threads] = await direct.query<RowDataPacket[]>(
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info IS NULL OR info NOT LIKE '%processlist%' AND db = DATABASE()",
      );
      for (const { id } of threads) await direct.query(`KILL ${id}`).catch(() => {});
    },
    async verify() {
      const [rows] = await direct.query<RowDataPacket[]>("SELECT n FROM single");
      const [pairs] = await direct.query<RowDataPacket[]>("SELECT id, COUNT(*) AS count FROM pair GROUP BY id");
      confirmed.verify(
        rows.map(({ n }) => n),
        pairs.map(({ id, count }) => [id, Number(count)]),
      );
    },
    async [Symbol.asyncDispose]() {
      await direct.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

export async function redisLoad(): Promise<StoreLoad> {
  const url = inject("redisUrl");
  const prefix = testPrefix();
  const direct = connectRedis(url, { prefix, onError: () => {} });
  const confirmed = new Confirmed();
  return {
    url,
    open(at) {
      const redis = connectRedis(at, { prefix, onError: () => {}, batchesWrites: true });
      redis.defineCommand("echoed", { numberOfKeys: 0, lua: "return ARGV[1]" });
      const scripts = redis as typeof redis & { echoed(text: string): Promise<string> };
      return {
        close: async () => redis.disconnect(),
        kinds: {
          simple: async (n) => expect(await redis.echo(String(n))).toBe(String(n)),
          script: async (n) => expect(await scripts.echoed(String(n))).toBe(String(n)),
          async write(n) {
            await redis.sadd("single", n);
            confirmed.rows.add(n);
          },
          async transaction(n) {
            const done = await redis.multi().hincrby("pair", String(n), 1).hincrby("pair", String(n), 1).exec();
            for (const [error] of done ?? []) if (error) throw error;
            confirmed.pairs.add(n);
          },
          async pipeline(n) {
            for (const [error, value] of (await redis.pipeline().echo(`${n}`).echo(`${n}`).exec()) ?? []) {
              if (error) throw error;
              expect(value).toBe(String(n));
            }
          },
        },
      };
    },
    terminate: async () => {},
    async verify() {
      const pairs = Object.entries(await direct.hgetall("pair"));
      confirmed.verify(
        (await direct.smembers("single")).map(Number),
        pairs.map(([id, count]) => [Number(id), Number(count)]),
      );
    },
    async [Symbol.asyncDispose]() {
      await direct.del("single", "pair");
      direct.disconnect();
    },
  };
}
