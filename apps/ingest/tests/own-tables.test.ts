import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { testMysql } from "@quintet/db/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";
import { slowUpload } from "./slow-upload.ts";

// Two processes and tables of one's own: keys of two texts, and references to them.
let database: Awaited<ReturnType<typeof testMysql>>;
const children: ChildProcess[] = [];
const env: Record<string, string> = {};
let one: string;
let two: string;

async function start(): Promise<string> {
  const { child, url } = await startIngest(env);
  children.push(child);
  return url;
}

beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  Object.assign(env, ownProcessEnv(database.url), {
    LOADING: JSON.stringify({ batchRows: 50, batchMs: 30, heartbeatTimeoutMs: 1500 }),
  });
  one = await start();
  two = await start();
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await database[Symbol.asyncDispose]();
});

const parts = {
  fields: [
    { name: "maker", constraints: { maxLength: 20 } },
    { name: "no", constraints: { maxLength: 20 } },
    { name: "title" },
    { name: "price", type: "number", precision: 12, scale: 2, constraints: { minimum: 0 } },
    { name: "barcode", constraints: { maxLength: 13, unique: true } },
  ],
  primaryKey: ["maker", "no"],
};
const uses = {
  fields: [
    { name: "id", type: "uuid" },
    { name: "maker", constraints: { maxLength: 20 } },
    { name: "no", constraints: { maxLength: 20 } },
  ],
  primaryKey: "id",
  foreignKeys: [{ fields: ["maker", "no"], reference: { resource: "parts", fields: ["maker", "no"] } }],
};

async function call(url: string, method: string, path: string, body?: string | object, key?: string) {
  const type = typeof body === "string" ? "text/csv" : "application/json";
  const response = await fetch(`${url}/ingest/${path}`, {
    method,
    headers: {
      Authorization: chief,
      ...(body === undefined ? {} : { "Content-Type": type }),
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text.startsWith("{") ? JSON.parse(text) : text) as Record<string, unknown> };
}

const exported = async (url: string, table: string) =>
  String((await call(url, "GET", `${table}?format=csv`)).body)
    .trimEnd()
    .split("\r\n");

const part = (at: number, title: string) => `m${at % 7},${at},${title} ${at},${at}.5,${at}`;
const partsFile = (count: number, title: string) =>
  Array.from({ length: count }, (_, at) => `${part(at, title)}\n`).join("");

it("a file is stored once although its process is killed, and every mode works with a key of two texts", async () => {
  expect((await call(one, "PUT", "tables/parts", parts)).status).toBe(201);
  expect((await call(two, "PUT", "tables/uses", uses)).status).toBe(201);

  // The same key, also by MySQL, which ignores spaces at the end; another one, by case; a barcode that is there; a price too low.
  const odd = "m1,1 ,again,1,\nM1,1,other case,1.00,\nm1,1x,taken,1,5\nm1,2x,cheap,-0.01,\n";
  const file = partsFile(400, "part") + odd;
  const killed = await startIngest(env);
  const sending = slowUpload(`${killed.url}/ingest/parts/csv`, { Authorization: chief, "Idempotency-Key": "parts" });
  sending.response.catch(() => {});
  await sending.send(file.slice(0, file.length / 2));
  await vi.waitFor(async () => {
    const { body } = await call(one, "GET", "loads?limit=1");
    expect((body.loads as { received: number }[])[0]?.received).toBeGreaterThan(100);
  }, 10_000);
  killed.child.kill("SIGKILL");
  await once(killed.child, "exit");
  const load = await vi.waitFor(async () => {
    const { status, body } = await call(two, "POST", "parts/csv", file, "parts");
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  }, 10_000);
  expect(load).toMatchObject({ received: 404, inserted: 401, rejected: 3 });
  expect((await call(one, "GET", `loads/${load.id}/rejects`)).body).toMatch(
    /^line,column,reason,raw\r\n401,maker,.*\r\n403,barcode,.*\r\n404,price,/,
  );
  expect(await exported(one, "parts")).toHaveLength(402);

  const id = (n: number) => `0b0e6d00-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const used = await call(two, "POST", "uses/csv", `${id(1)},m1,1\n${id(2)},m1,2\n${id(3)},,2\n`);
  expect(used.body).toMatchObject({ inserted: 2, rejected: 1 });
  const upsert = await call(one, "POST", "parts/csv?mode=upsert", `${part(1, "new")}\n${part(900, "new")}\n`);
  expect(upsert.body).toMatchObject({ inserted: 1, updated: 1, rejected: 0 });
  const broken = await call(one, "POST", "parts/csv?mode=replace", `${part(2, "only")}\n`);
  expect([broken.status, broken.body.detail]).toEqual([409, expect.stringContaining("uses.maker,no: 1 row")]);
  const merged = await call(two, "POST", "parts/csv?mode=merge", `${part(1, "merged")}\n${part(2, "merged")}\n`);
  expect(merged.body).toMatchObject({ inserted: 0, updated: 2, deleted: 400 });
  const replaced = await call(one, "POST", "parts/csv?mode=replace", `${part(1, "last")}\n${part(3, "last")}\n`);
  expect(replaced.body).toMatchObject({ received: 2, rejected: 0 });
  expect(await exported(two, "parts")).toEqual([
    "maker,no,title,price,barcode",
    "m1,1,last 1,1.5,1",
    "m3,3,last 3,3.5,3",
  ]);
});

it("a table is not deleted under a load of another process, which sees at once when it is another one", async () => {
  expect(
    (await call(one, "PUT", "tables/notes", { fields: [{ name: "id", type: "integer" }], primaryKey: "id" })).status,
  ).toBe(201);
  const sending = slowUpload(`${two}/ingest/notes/csv`, { Authorization: chief });
  await sending.send("1\n2\n");
  await vi.waitFor(async () => expect(await exported(one, "notes")).toHaveLength(3), 10_000);
  expect((await call(one, "DELETE", "tables/notes?rows=delete")).status).toBe(409);
  await sending.send("3\n");
  expect((await sending.end()).status).toBe(200);
  expect((await call(one, "DELETE", "tables/notes?rows=delete")).status).toBe(204);
  expect((await call(two, "POST", "notes/csv", "4\n")).status).toBe(404);
  const other = { fields: [{ name: "text", constraints: { maxLength: 10 } }, { name: "id" }], primaryKey: "text" };
  expect((await call(two, "PUT", "tables/notes", other)).body).toMatchObject({ version: 2 });
  expect((await call(one, "POST", "notes/csv", "a,b\n")).body).toMatchObject({ inserted: 1 });
});
