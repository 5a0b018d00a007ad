import { connectPostgres, type PostgresSql } from "@quintet/db";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ChangeLog, followChanges } from "../src/cache/change-log.ts";
import { type Installation, openDirectory } from "./installation.ts";

let directory: Installation;
const opened = new AsyncDisposableStack();
let sql: PostgresSql;
beforeAll(async () => {
  directory = opened.use(await openDirectory());
  sql = directory.deps.postgres;
});
afterAll(() => opened.disposeAsync());

function follow(): ChangeLog {
  const connection = connectPostgres(directory.postgresUrl, { connections: 1 });
  opened.defer(() => connection.end({ timeout: 1 }));
  return followChanges(connection);
}

let count = 0;
/** Adds a user whose names are nobody else's, so that no write waits for another's. */
async function add(lastName: string, on = sql): Promise<number> {
  const [row] = await on<{ id: string }[]>`
    INSERT INTO directory.users (first_name, last_name, email)
    VALUES (${`First${++count}`}, ${lastName}, ${`history.${count}@example.com`}) RETURNING id`;
  return Number(row?.id);
}

/** A response to a search for `word` that is computed now. */
async function madeNow(history: ChangeLog, word: string) {
  const { server, snapshot } = await history.readPoint();
  return { server, snapshot, until: snapshot, scope: { words: [word], shows: [], inFull: false } };
}
const holdsNow = async (history: ChangeLog, made: Awaited<ReturnType<typeof madeNow>>) =>
  history.isCurrent(made, await history.readPoint());

it("invalidates the entries that a write affects, and no others", async () => {
  const history = follow();
  const touched = await madeNow(history, "hansen");
  const other = await madeNow(history, "jensen");
  expect(await holdsNow(history, touched)).toBe(true);
  await add("Hansen");
  expect([await holdsNow(history, touched), await holdsNow(history, other)]).toEqual([false, true]);
});

it("sees a transaction that commits after others that began later", async () => {
  const history = follow();
  const [began, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = sql.begin(async (tx) => {
    await add("Early", tx as unknown as PostgresSql);
    began.resolve();
    await end.promise;
  });
  await began.promise;
  await add("Later");
  const made = await madeNow(history, "early");
  await add("Latest");
  expect(await holdsNow(history, made)).toBe(true);
  end.resolve();
  await slow;
  expect(await holdsNow(history, made)).toBe(false);
  expect(await holdsNow(history, await madeNow(history, "early"))).toBe(true);
});

it("accepts entries that another process computed since its own start, and no older ones", async () => {
  const history = follow();
  const before = await madeNow(history, "older");
  const late = follow();
  // What is written between the two is what the later one cannot know.
  await add("Between");
  await late.readPoint();
  expect(await holdsNow(late, before)).toBe(false);
  const after = await madeNow(history, "newer");
  expect(await holdsNow(late, after)).toBe(true);
  await add("Newer");
  expect(await holdsNow(late, after)).toBe(false);
});

it("accepts no entry of another server, nor of this server before its restart", async () => {
  const history = follow();
  const made = await madeNow(history, "moved");
  expect(await holdsNow(history, made)).toBe(true);
  expect(await holdsNow(history, { ...made, server: "2026-01-01 00:00:00+00" })).toBe(false);
});

it("continues after its connection is lost and restored", async () => {
  const connection = connectPostgres(directory.postgresUrl, { connections: 1 });
  opened.defer(() => connection.end({ timeout: 1 }));
  const history = followChanges(connection);
  const [touched, other] = [await madeNow(history, "lost"), await madeNow(history, "notlost")];
  const [row] = await connection<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  await sql`SELECT pg_terminate_backend(${row?.pid ?? 0})`;
  await add("Lost");
  await expect.poll(() => holdsNow(history, touched).catch(() => undefined), { timeout: 20_000 }).toBe(false);
  expect(await holdsNow(history, other)).toBe(true);
});

it("accepts no entry when changes that it has not read were deleted", async () => {
  const history = follow();
  const made = await madeNow(history, "removed");
  const past = () => sql`UPDATE directory.removed_changes SET removed_at = now() - interval '6 minutes'`;
  await add("Removed");
  // The first write after five minutes says what may go, the first one after ten lets it go. What is younger than the oldest transaction of
  // the server stays, and other tests have some.
  const left = async () => {
    await past();
    await add("Somebody");
    return (await sql`SELECT FROM directory.changes WHERE new_last = 'removed'`).length;
  };
  expect(await left()).toBe(1);
  await expect.poll(left).toBe(0);
  expect(await holdsNow(history, made)).toBe(false);
  expect(await holdsNow(history, await madeNow(history, "removed"))).toBe(true);
});

it("keeps changes for five minutes for processes that have not read them yet", async () => {
  const history = follow();
  const made = await madeNow(history, "young");
  await sql`UPDATE directory.removed_changes SET removed_at = now() - interval '6 minutes'`;
  await add("Aged");
  await add("Aged");
  expect(await holdsNow(history, made)).toBe(true);
});

it("treats a change of very many users as a change of everything, in one statement or many", async () => {
  const history = follow();
  const many = (more: number) => sql`
    INSERT INTO directory.users (first_name, last_name, email)
    SELECT 'Many', 'Of Them', ${`${++count}.`} || n || '@example.com' FROM generate_series(1, ${more}::int) AS n`;
  let made = await madeNow(history, "elsewhere");
  await many(1000);
  expect(await holdsNow(history, made)).toBe(true);
  await many(1001);
  expect(await sql`SELECT FROM directory.changes WHERE user_id IS NULL`).toHaveLength(1);
  expect(await holdsNow(history, made)).toBe(false);
  made = await madeNow(history, "elsewhere");
  for (let i = 0; i < 2; i++) await many(600);
  expect(await holdsNow(history, made)).toBe(false);
});

it("keeps a bounded number of changes: older entries are not current, checked ones are", async () => {
  const history = follow();
  const [old, looked] = [await madeNow(history, "neverthere"), await madeNow(history, "neverthere")];
  for (let i = 0; i < 6; i++) {
    await sql`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT 'One', 'Among', ${`${++count}.`} || n || '@example.com' FROM generate_series(1, 990) AS n`;
    expect(await holdsNow(history, looked)).toBe(true);
  }
  expect(await holdsNow(history, old)).toBe(false);
});

it("sees changes made in SQL by hand, of no user, and of all users", async () => {
  const history = follow();
  const id = await add("Byhand");
  const search = () => madeNow(history, "byhand");
  let made = await search();
  await sql`UPDATE directory.users SET last_name = last_name WHERE id = ${id}`;
  expect(await holdsNow(history, made)).toBe(true);
  await sql`UPDATE directory.users SET last_name = 'BYHAND' WHERE id = ${id}`;
  expect(await holdsNow(history, made)).toBe(false);
  made = await search();
  await sql`DELETE FROM directory.users WHERE id = ${id}`;
  expect(await holdsNow(history, made)).toBe(false);
  made = await search();
  await sql`TRUNCATE directory.users`;
  expect(await holdsNow(history, made)).toBe(false);
});
