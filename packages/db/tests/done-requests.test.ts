import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import {
  connectMysql,
  connectPostgres,
  type DoneRequests,
  inMysqlTransaction,
  type MysqlPool,
  mysqlDoneRequests,
  once,
  type PostgresSql,
  postgresDoneRequests,
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
    `CREATE TABLE done (request_key CHAR(43) PRIMARY KEY, ${columns} DATETIME NOT NULL, KEY (done_at))`,
  );
  await postgres.unsafe(
    `CREATE TABLE done (request_key text PRIMARY KEY, ${columns} timestamptz NOT NULL DEFAULT now())`,
  );
});
afterAll(() => opened.disposeAsync());

type InTransaction = <T>(work: (done: DoneRequests) => Promise<T>) => Promise<T>;

const stores: [string, InTransaction][] = [
  ["MySQL", (work) => inMysqlTransaction(mysql, (on) => work(mysqlDoneRequests(on, "done")))],
  ["Postgres", (work) => postgres.begin((sql) => work(postgresDoneRequests(sql, "done"))) as never],
];

describe.each(stores)("what is done once, in %s", (_name, inTransaction) => {
  let done = 0;
  const work = async () => ({ number: ++done });

  it("has its first result again", async () => {
    const first = await inTransaction((records) => once(records, "again", work));
    expect(await inTransaction((records) => once(records, "again", work))).toEqual(first);
    expect(await inTransaction((records) => once(records, "another", work))).not.toEqual(first);
  });

  it("is done again without a key, and after a failure", async () => {
    const before = done;
    for (let i = 0; i < 2; i++) await inTransaction((records) => once(records, undefined, work));
    const failing = inTransaction((records) => once(records, "failed", () => Promise.reject(new Error("no"))));
    await expect(failing).rejects.toThrow("no");
    await inTransaction((records) => once(records, "failed", work));
    expect(done).toBe(before + 3);
  });

  it("is forgotten after two days, when another is recorded", async () => {
    await mysql.query("DELETE FROM done");
    await postgres`DELETE FROM done`;
    for (const name of ["old", "young"]) await inTransaction((records) => once(records, name, work));
    await mysql.query("UPDATE done SET done_at = UTC_TIMESTAMP() - INTERVAL 49 HOUR WHERE request_key = 'old'");
    await postgres`UPDATE done SET done_at = now() - interval '49 hours' WHERE request_key = 'old'`;
    const random = vi.spyOn(Math, "random").mockReturnValue(0);
    await inTransaction((records) => once(records, "next", work)).finally(() => random.mockRestore());
    const kept = ["old", "young", "next"].map((name) => inTransaction((records) => records.find(name)));
    expect((await Promise.all(kept)).map((result) => result !== undefined)).toEqual([false, true, true]);
  });

  it("is waited for by the one who does the same at the same time", async () => {
    const before = done;
    const held = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const first = inTransaction((records) =>
      once(records, "at once", async () => {
        began.resolve();
        await held.promise;
        return work();
      }),
    );
    await began.promise;
    const second = inTransaction((records) => once(records, "at once", work));
    held.resolve();
    expect(await second).toEqual(await first);
    expect(done).toBe(before + 1);
  });
});
