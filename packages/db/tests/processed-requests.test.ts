import { randomUUID } from "node:crypto";
import type { KeyedRequest } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import {
  connectMysql,
  connectPostgres,
  findProcessed,
  inMysqlTransaction,
  type MysqlPool,
  mysqlProcessedRequests,
  mysqlRecordTable,
  type PostgresSql,
  type ProcessedRequests,
  postgresProcessedRequests,
  postgresRecordTable,
  type RecordTable,
  recordSweep,
  runOnce,
} from "../src/index.ts";
import { testMysql, testPostgres } from "../src/testing.ts";

const opened = new AsyncDisposableStack();
let mysql: MysqlPool;
let postgres: PostgresSql;

beforeAll(async () => {
  mysql = connectMysql(opened.use(await testMysql(inject("mysqlUrl"))).url);
  postgres = connectPostgres(opened.use(await testPostgres(inject("postgresUrl"))).url);
  opened.defer(() => mysql.end());
  opened.defer(() => postgres.end());
  const columns = "result TEXT NOT NULL, done_at";
  await mysql.query(
    `CREATE TABLE done (request_key CHAR(43) PRIMARY KEY, fingerprint CHAR(43), ${columns} DATETIME NOT NULL, KEY (done_at))`,
  );
  await postgres.unsafe(
    `CREATE TABLE done (request_key text PRIMARY KEY, fingerprint text, ${columns} timestamptz NOT NULL DEFAULT now())`,
  );
});
afterAll(() => opened.disposeAsync());

interface Store {
  inTransaction<T>(work: (records: ProcessedRequests) => Promise<T>): Promise<T>;
  /** Makes the record of a key so many seconds older. */
  age(key: string, seconds: number): Promise<unknown>;
  forgetFingerprint(key: string): Promise<unknown>;
  table(): RecordTable;
  /** Adds so many records of that age. */
  fill(count: number, hours: number): Promise<unknown>;
  count(): Promise<number>;
}

const stores: [string, Store][] = [
  [
    "MySQL",
    {
      inTransaction: (work) => inMysqlTransaction(mysql, (on) => work(mysqlProcessedRequests(on, "done"))),
      age: (key, seconds) =>
        mysql.execute("UPDATE done SET done_at = UTC_TIMESTAMP() - INTERVAL :seconds SECOND WHERE request_key = :key", {
          key,
          seconds,
        }),
      forgetFingerprint: (key) => mysql.execute("UPDATE done SET fingerprint = NULL WHERE request_key = :key", { key }),
      table: () => mysqlRecordTable(mysql, "done"),
      fill: (count, hours) =>
        mysql.query("INSERT INTO done (request_key, fingerprint, result, done_at) VALUES :rows", {
          rows: Array.from({ length: count }, () => [randomUUID(), "a", "1", new Date(Date.now() - hours * 3_600_000)]),
        }),
      async count() {
        const [rows] = await mysql.query<RowDataPacket[]>("SELECT COUNT(*) AS count FROM done");
        return Number(rows[0]?.count);
      },
    },
  ],
  [
    "Postgres",
    {
      inTransaction: (work) => postgres.begin((sql) => work(postgresProcessedRequests(sql, "done"))) as never,
      age: (key, seconds) =>
        postgres`UPDATE done SET done_at = now() - make_interval(secs => ${seconds}) WHERE request_key = ${key}`,
      forgetFingerprint: (key) => postgres`UPDATE done SET fingerprint = NULL WHERE request_key = ${key}`,
      table: () => postgresRecordTable(postgres, "done"),
      fill: (count, hours) => postgres`
        INSERT INTO done SELECT gen_random_uuid(), 'a', '1', now() - make_interval(hours => ${hours})
          FROM generate_series(1, ${count}::int)`,
      count: async () => Number((await postgres`SELECT count(*) FROM done`)[0]?.count),
    },
  ],
];

const request = (key: string = randomUUID(), fingerprint = "a"): KeyedRequest => ({ key, fingerprint });
const mismatch = { status: 422, message: "This Idempotency-Key was used for a different request." };
const twoDays = 48 * 3600;

describe.each(stores)(
  "what is done once, in %s",
  (_name, { inTransaction, age, forgetFingerprint, table, fill, count }) => {
    let done = 0;
    const work = async () => ({ number: ++done });
    const run = (one: KeyedRequest | undefined, what = work) => inTransaction((records) => runOnce(records, one, what));
    const find = (one: KeyedRequest) => inTransaction((records) => findProcessed(records, one));

    it("has its first result again, and says so", async () => {
      const first = request();
      const result = await run(first);
      expect(first.outcome).toBe("done");
      for (const again of [request(first.key), request(first.key)]) {
        expect(await run(again)).toEqual(result);
        expect(again.outcome).toBe("replayed");
      }
      const sought = request(first.key);
      expect([await find(sought), sought.outcome]).toEqual([result, "replayed"]);
      expect(await run(request())).not.toEqual(result);
    });

    it("is not another request with the key", async () => {
      const { key } = request();
      await run(request(key));
      const before = done;
      await expect(run(request(key, "b"))).rejects.toMatchObject(mismatch);
      await expect(find(request(key, "b"))).rejects.toMatchObject(mismatch);
      expect(done).toBe(before);
    });

    it("is done again without a key, and after a failure", async () => {
      const before = done;
      for (let i = 0; i < 2; i++) await run(undefined);
      const failed = request();
      await expect(run(failed, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
      expect(failed.outcome).toBeUndefined();
      await run(request(failed.key, "another"));
      expect(done).toBe(before + 3);
    });

    it("counts for two days by the store's clock, whether or not a record is removed", async () => {
      const { key } = request();
      const first = await run(request(key));
      await age(key, twoDays - 60);
      expect(await run(request(key))).toEqual(first);
      await expect(run(request(key, "b"))).rejects.toMatchObject(mismatch);
      await age(key, twoDays);
      expect(await find(request(key, "b"))).toBeUndefined();
      const second = await run(request(key, "b"));
      expect(second).not.toEqual(first);
      expect(await run(request(key, "b"))).toEqual(second);
      await expect(run(request(key))).rejects.toMatchObject(mismatch);
    });

    it("recorded without a fingerprint counts for any request, and no longer", async () => {
      const { key } = request();
      const first = await run(request(key));
      await forgetFingerprint(key);
      expect(await run(request(key, "b"))).toEqual(first);
      await age(key, twoDays);
      expect(await run(request(key, "b"))).not.toEqual(first);
      await expect(run(request(key))).rejects.toMatchObject(mismatch);
    });

    it.each([0, twoDays])("is waited for by the one who does the same at once, over a record %i s old", async (old) => {
      const { key } = request();
      if (old > 0) {
        await run(request(key));
        await age(key, old);
      }
      const before = done;
      const held = Promise.withResolvers<void>();
      const began = Promise.withResolvers<void>();
      const first = run(request(key, "b"), async () => {
        began.resolve();
        await held.promise;
        return work();
      });
      await began.promise;
      const second = run(request(key, "b"));
      const third = run(request(key, "c"));
      third.catch(() => {});
      held.resolve();
      expect(await second).toEqual(await first);
      await expect(third).rejects.toMatchObject(mismatch);
      expect(done).toBe(before + 1);
    });

    it("is removed after two days without a request, in slices, and without waiting for one that is begun anew", async () => {
      const { key } = request();
      await run(request(key));
      await age(key, twoDays);
      const living = (await count()) - 1;
      await fill(1100, 49);
      await fill(20, 47);
      const failed = vi.fn();
      await using sweep = recordSweep(table(), failed, { everyMs: 20 });
      await using other = recordSweep(table(), failed, { everyMs: 20 });
      const held = Promise.withResolvers<void>();
      const began = Promise.withResolvers<void>();
      const anew = run(request(key, "b"), async () => {
        began.resolve();
        await held.promise;
        return work();
      });
      await began.promise;
      sweep.start();
      other.start();
      await expect.poll(count, { timeout: 20_000 }).toBe(living + 20 + 1);
      held.resolve();
      await anew;
      expect(await count()).toBe(living + 20 + 1);
      expect(failed).not.toHaveBeenCalled();
    });

    it("is swept by one process at a time", async () => {
      await fill(10, 49);
      const before = await count();
      await table().exclusively(async (remove) => {
        expect(await remove()).toBe(10);
        await fill(10, 49);
        await recordSweep(table(), () => {}).sweep();
        expect(await count()).toBe(before);
      });
      await recordSweep(table(), () => {}).sweep();
      expect(await count()).toBe(before - 10);
    });
  },
);
