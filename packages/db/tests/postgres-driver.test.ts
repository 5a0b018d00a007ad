import { connectPostgres } from "@quintet/db";
import { type TestDatabase, testPostgres } from "@quintet/db/testing";
import { storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";

/** What our patch of the driver mends, one by one; docs/internals.md says what each is. */
const soon = { timeout: 20_000, interval: 20 };
let database: TestDatabase;
beforeAll(async () => {
  database = await testPostgres(inject("postgresUrl"));
});
afterAll(() => database[Symbol.asyncDispose]());

function client(options: Parameters<typeof connectPostgres>[1], url = database.url) {
  const sql = connectPostgres(url, options);
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) };
}

it("runs nothing of a transaction whose connection was lost outside of it", async () => {
  await using one = client({ connections: 1 });
  await using other = client({ connections: 1 });
  const { sql } = one;
  await sql`CREATE TABLE halves (half int)`;
  const [session] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  const ended = Promise.withResolvers();
  const lost = sql.begin(async (tx) => {
    await tx`INSERT INTO halves VALUES (1)`;
    await other.sql`SELECT pg_terminate_backend(${session?.pid ?? 0})`;
    await vi.waitFor(() => sql`SELECT 1`, soon); // On the next connection.
    await tx`INSERT INTO halves VALUES (2)`.then(() => ended.resolve("done"), ended.reject);
  });
  await expect(lost).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  await expect(ended.promise).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  expect(await sql`SELECT half FROM halves`).toEqual([]);
});

it("gives each statement its own result when one before it cannot be written down", async () => {
  await using one = client({ connections: 1 });
  const numbered = (n: number) => one.sql<{ n: number }[]>`SELECT ${n}::int AS n`;
  const dated = (date: Date) => one.sql`SELECT ${date}::timestamptz AS date`;
  await Promise.all([numbered(0), dated(new Date(0))]); // Prepared: their parameters are written when they are sent.
  const work = [numbered(1), dated(new Date(Number.NaN)), numbered(2), numbered(3)];
  const results = await Promise.allSettled(work);
  expect(results.map((one) => (one.status === "fulfilled" ? one.value[0]?.n : "refused"))).toEqual([
    1,
    "refused",
    2,
    3,
  ]);
});

it("begins a transaction behind as many statements as a connection takes at once", async () => {
  await using one = client({ connections: 2, statementSeconds: 20 });
  const { sql } = one;
  await Promise.all([sql`SELECT pg_sleep(0.05)`, sql`SELECT pg_sleep(0.05)`]);
  for (let before = 190; before < 210; before++) {
    const work = Array.from({ length: before }, () => sql`SELECT 1`.execute());
    await Promise.all([...work, sql.begin((tx) => tx`SELECT 1`)]);
  }
});

it("closes a connection on which nothing comes, and makes another", async () => {
  await using proxy = await storeProxy(database.url);
  await using one = client({ connections: 1, statementSeconds: 0.1 }, proxy.url);
  const session = async () => (await one.sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid;
  const first = await session();
  proxy.freeze();
  await expect(session()).rejects.toMatchObject({ code: "STATEMENT_TIMEOUT" });
  await expect(session()).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  proxy.thaw();
  await vi.waitFor(async () => expect(await session()).not.toBe(first), soon);
});

it("gives whoever cancels a statement the outcome of that, which may fail like any connection", async () => {
  await using one = client({ connections: 1, statementSeconds: 20 });
  const query = one.sql`SELECT pg_sleep(20)`;
  const ended = query.catch((error: unknown) => error);
  await vi.waitFor(() => expect(query).toMatchObject({ active: true }), soon);
  const cancelling = query.cancel() as unknown;
  // Dropped by the driver, it was a rejection that nobody could handle.
  expect(cancelling).toBeInstanceOf(Promise);
  await cancelling;
  expect(await ended).toMatchObject({ code: "57014" });
});

it("gives each statement its own result when one is cancelled that waits behind another", async () => {
  await using one = client({ connections: 1 });
  const numbered = (n: number) => one.sql<{ n: number }[]>`SELECT ${n}::int AS n, pg_sleep(0.05)`;
  await numbered(0); // Prepared: the next ones are sent without waiting for each other.
  const work = [1, 2, 3, 4, 5].map((n) => numbered(n).execute());
  const [, , cancelled] = work;
  // Sent, and not yet the one that the server is at.
  await vi.waitFor(() => expect((cancelled as unknown as { state: unknown }).state).not.toBeNull(), soon);
  const cancelling = cancelled?.cancel() as unknown as Promise<void>;
  const results = await Promise.allSettled(work);
  const seen = results.map((result) => (result.status === "fulfilled" ? result.value[0]?.n : result.reason.code));
  // The server signals a cancellation twice, and the second signal may reach the next statement.
  expect([1, 2, "57014", expect.toBeOneOf([4, "57014"]), 5]).toEqual(seen);
  await cancelling;
});
