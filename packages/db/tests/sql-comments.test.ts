import { connectMysql, connectPostgres, inMysqlTransaction } from "@quintet/db";
import { testMysql, testPostgres } from "@quintet/db/testing";
import { createLogger, inRequest, openObservation, RequestRecord, readEnv, settings } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";

const log = createLogger({ service: "test", level: "silent" });

async function commenting(mode: "off" | "text" | "all"): Promise<AsyncDisposable> {
  return openObservation(readEnv(z.object(settings.listen), { SQL_COMMENTS: mode }), log);
}

function asRequest<T>(requestId: string, work: () => T): T {
  return inRequest(new RequestRecord(requestId, undefined), work);
}

let observed: AsyncDisposable | undefined;
afterEach(async () => observed?.[Symbol.asyncDispose]());

describe("MySQL", async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await testMysql(inject("mysqlUrl")));
  const pool = connectMysql(database.url);
  stack.defer(() => pool.end());
  const kept = stack.move();
  beforeAll(() => () => kept.disposeAsync());

  /** The statement itself, as the server was sent it. */
  const seen = "SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID() AND :one = 1";
  type Seen = (RowDataPacket & { info: string })[];

  it("sees the request's id in a statement that is sent as text", async () => {
    const [[row]] = await asRequest("r-1", () => pool.query<Seen>(seen, { one: 1 }));
    expect(row?.info).toMatch(/\n\/\*requestId='r-1'\*\/$/);
  });

  it("sees it on the connection of a transaction", async () => {
    const info = await asRequest("r-2", () =>
      inMysqlTransaction(pool, async (connection) => {
        const [[row]] = await connection.query<Seen>({ sql: seen, values: { one: 1 } } as never);
        return row?.info;
      }),
    );
    expect(info).toMatch(/requestId='r-2'\*\/$/);
  });

  it("keeps prepared statements as they are, so that the server can keep them", async () => {
    const one = connectMysql(database.url, { connections: 1 });
    await using _closing = { [Symbol.asyncDispose]: () => one.end() };
    for (const id of ["a", "b", "c"]) {
      const [[row]] = await asRequest(id, () => one.execute<Seen>(seen, { one: 1 }));
      expect(row?.info).not.toContain("requestId");
    }
    const [[status]] = await one.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'");
    expect(Number(status?.Value)).toBe(1);
  });

  it("comments them too when all statements shall be", async () => {
    observed = await commenting("all");
    const [[row]] = await asRequest("r-3", () => pool.execute<Seen>(seen, { one: 1 }));
    expect(row?.info).toMatch(/requestId='r-3'\*\/$/);
  });

  it("comments nothing when told so, or outside a request", async () => {
    const [[outside]] = await pool.query<Seen>(seen, { one: 1 });
    expect(outside?.info).not.toContain("/*");
    observed = await commenting("off");
    const [[row]] = await asRequest("r-4", () => pool.query<Seen>(seen, { one: 1 }));
    expect(row?.info).not.toContain("/*");
  });

  it("lets no id end the comment, bind a parameter or be one", async () => {
    for (const id of ["x*/ DROP TABLE t; /*", "a'b", ":one ?", "50%", "-- \n"]) {
      const [[row]] = await asRequest(id, () => pool.query<Seen>(seen, { one: 1 }));
      const comment = row?.info.slice(seen.length - ":one".length + 1) ?? "";
      expect(comment).toMatch(/^\n\/\*requestId='[\w.%-]*'\*\/$/);
    }
  });

  it("gives a statement that waited for a connection the id of its own request", async () => {
    const one = connectMysql(database.url, { connections: 1 });
    await using _closing = { [Symbol.asyncDispose]: () => one.end() };
    const asked = ["w-1", "w-2", "w-3", "w-4"].map(async (id) => {
      const [[row]] = await asRequest(id, () => one.query<Seen>(seen, { one: 1 }));
      return row?.info.includes(`'${id}'`);
    });
    expect(await Promise.all(asked)).toEqual([true, true, true, true]);
  });
});

describe("Postgres", async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await testPostgres(inject("postgresUrl")));
  const sql = connectPostgres(database.url, { connections: 1 });
  stack.defer(() => sql.end());
  const kept = stack.move();
  beforeAll(() => () => kept.disposeAsync());

  const seen = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND $1::int = 1";
  const preparedNow = async () =>
    (await sql`SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE ${"%stat_activity%"}`)[0]
      ?.n as number;

  it("sees the request's id in a statement that is sent as text, as Drizzle does", async () => {
    const [row] = await asRequest("r-1", async () => await sql.unsafe<{ query: string }[]>(seen, [1]));
    expect(row?.query).toMatch(/\n\/\*requestId='r-1'\*\/$/);
    const [inside] = await asRequest("r-2", () => sql.begin((tx) => tx.unsafe<{ query: string }[]>(seen, [1])));
    expect(inside?.query).toMatch(/requestId='r-2'\*\/$/);
  });

  it("keeps prepared statements as they are, so that the server can keep them", async () => {
    const ask = async () =>
      await sql`SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND ${1}::int = 1`;
    await asRequest("a", ask);
    const before = await preparedNow();
    for (const id of ["b", "c"]) expect((await asRequest(id, ask))[0]?.query).not.toContain("requestId");
    expect(await preparedNow()).toBe(before);
  });

  it("comments them too when all statements shall be, and then keeps none of them", async () => {
    const before = await preparedNow();
    observed = await commenting("all");
    const part = sql`pid = pg_backend_pid()`;
    const ask = async () => await sql`SELECT query FROM pg_stat_activity WHERE ${part} AND ${2}::int = 2`;
    for (const id of ["d", "e", "f"]) {
      expect((await asRequest(id, ask))[0]?.query).toMatch(new RegExp(`requestId='${id}'\\*/$`));
    }
    const inside = await asRequest("g", () =>
      sql.begin((tx) => tx.savepoint((inner) => inner`SELECT query FROM pg_stat_activity WHERE ${part}`)),
    );
    expect(inside[0]?.query).toContain("requestId='g'");
    await observed[Symbol.asyncDispose]();
    observed = undefined;
    expect(await preparedNow()).toBe(before);
  });
});
