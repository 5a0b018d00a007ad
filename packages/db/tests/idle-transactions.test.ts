import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { connectMysql, inMysqlTransaction, type MysqlPool, tryWithLock } from "@quintet/db";
import { testMysql } from "@quintet/db/testing";
import { toProblem } from "@quintet/http";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, inject, it } from "vitest";

let database: Awaited<ReturnType<typeof testMysql>>;
let pool: MysqlPool;
beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  pool = connectMysql(database.url);
  await pool.query("CREATE TABLE held (id int PRIMARY KEY)");
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

/** A pool that takes the server for MySQL 8, whose one limit for what stands still is that of connections. */
function asMysql8(): MysqlPool {
  const other = connectMysql(database.url, { idleSeconds: 1, connections: 1 });
  const { pool: core } = other as unknown as { pool: { on(event: "connection", heard: (made: object) => void): void } };
  core.on("connection", (connection) => {
    Object.assign(connection, { _isMariaDB: false });
    (connection as { query(text: string): void }).query("SET SESSION idle_transaction_timeout = 0");
  });
  return other;
}

it("ends in MySQL 8 too a transaction that stands still, and no connection that lies unused", async () => {
  await using stack = new AsyncDisposableStack();
  const standing = asMysql8();
  stack.defer(() => standing.end());
  const error = await inMysqlTransaction(standing, async (connection) => {
    await connection.query("INSERT INTO held VALUES (1)");
    await pool.query("INSERT INTO held VALUES (1)");
    await connection.query("INSERT INTO held VALUES (2)");
  }).catch((thrown: unknown) => thrown);
  expect(toProblem(error)).toMatchObject({ status: 503 });
  const [rows] = await pool.query<RowDataPacket[]>("SELECT id FROM held");
  expect(rows).toEqual([{ id: 1 }]);

  const idOf = async () => (await standing.query<RowDataPacket[]>("SELECT CONNECTION_ID() AS id"))[0][0]?.id;
  await inMysqlTransaction(standing, (connection) => connection.query("SELECT 1"));
  const id = await idOf();
  await pause(2000);
  expect(await idOf()).toBe(id);
});

it.each([
  ["the server ends", async (id: number) => void (await pool.query("KILL ?", [id]))],
  ["breaks", async (_id: number, proxy: StoreProxy) => proxy.cut()],
])("hears of a connection that %s in the middle of LOAD DATA as an error of the statement alone", async (_, end) => {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(await storeProxy(database.url));
  const far = connectMysql(proxy.url);
  stack.defer(() => far.end());
  const connection = await far.getConnection();
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT CONNECTION_ID() AS id");
  async function* lines() {
    yield "3\n".repeat(100_000);
    await end(Number(row?.id), proxy);
    for (let more = 0; more < 20; more++) {
      yield "4\n".repeat(100_000);
      await pause(10);
    }
  }
  const loading = connection.query({
    sql: "LOAD DATA LOCAL INFILE 'rows' IGNORE INTO TABLE held",
    infileStreamFactory: () => Readable.from(lines(), { objectMode: false }),
  });
  const error = await loading.catch((thrown: unknown) => thrown);
  expect(toProblem(error)).toMatchObject({ status: 503 });
  connection.destroy();
  const [rows] = await pool.query<RowDataPacket[]>("SELECT id FROM held WHERE id > 2");
  expect(rows).toEqual([]);
});

it("holds a lock for as long as its process is at it, and no longer than it stands still", async () => {
  const others: boolean[] = [];
  const look = async () => void others.push(await tryWithLock(pool, "sweep", async () => {}));
  const slow = async () => {
    await look();
    await pause(2500);
    await look();
  };
  expect(await tryWithLock(pool, "sweep", slow, 1)).toBe(true);
  await look();
  expect(others).toEqual([false, false, true]);

  const module = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
  const script = `const { connectMysql, tryWithLock } = await import(${module});
    const pool = connectMysql(${JSON.stringify(database.url)});
    await tryWithLock(pool, "sweep", async () => { console.log("has it"); await new Promise(() => {}); }, 1);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    child.kill("SIGSTOP");
    await expect.poll(() => tryWithLock(pool, "sweep", async () => {}), { timeout: 20_000 }).toBe(true);
  } finally {
    child.kill("SIGKILL");
  }
});
