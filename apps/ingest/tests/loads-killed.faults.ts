import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { testMysql } from "@quintet/db/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { ZipFile } from "yazl";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";
import { sendByTus } from "./send-by-tus.ts";

let database: Awaited<ReturnType<typeof testMysql>>;
let db: Connection;
let env: Record<string, string>;
let running: { child: ChildProcess; url: string };
let folder: string;

beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  db = await createConnection(database.url);
  folder = await mkdtemp(join(tmpdir(), "quintet-killed-"));
  env = {
    ...ownProcessEnv(database.url),
    BACKUP_DIR: folder,
    LOADING: JSON.stringify({ batchRows: 500, batchMs: 30, heartbeatTimeoutMs: 1000 }),
  };
  running = await startIngest(env);
  const text = { type: "string", constraints: { required: true, maxLength: 20 } };
  const schema = {
    fields: [
      { name: "site", ...text },
      { name: "code", ...text },
      { name: "value", type: "number" },
    ],
    primaryKey: ["site", "code"],
  };
  expect((await call("PUT", "/ingest/tables/meters", JSON.stringify(schema), "application/json")).status).toBe(201);
}, 60_000);
afterAll(async () => {
  running.child.kill("SIGKILL");
  await db.end();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const call = (method: string, path: string, body?: string | Buffer<ArrayBuffer>, type = "text/csv", more = {}) =>
  fetch(`${running.url}${path}`, {
    method,
    headers: { Authorization: chief, "Content-Type": type, ...more },
    ...(body !== undefined && { body }),
  });
const rows = (from: number, to: number, value: string) =>
  Array.from({ length: to - from }, (_, at) => `S${(from + at) % 7},C${from + at},${value}\n`).join("");
const content = async () => {
  const [found] = await db.query<RowDataPacket[]>({
    sql: "SELECT site, code, CAST(value AS CHAR), _load FROM meters ORDER BY site, code",
    rowsAsArray: true,
  });
  return (found as unknown as unknown[][]).map((row) => row.join(" "));
};
/** Kills the process after some time, and starts another. */
const killAfter = async (ms: number) => {
  await pause(ms);
  const ended = once(running.child, "exit");
  running.child.kill("SIGKILL");
  await ended;
  running = await startIngest(env);
};
/** A generator of numbers from 0 to 1: mulberry32. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

/** Sends a request until it gets this status: a killed process counts as running for a moment. */
const until = async <T>(status: number, send: () => Promise<Response>): Promise<T> =>
  vi.waitFor(
    async () => {
      const response = await send();
      if (response.status !== status) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    { timeout: 30_000, interval: 200 },
  );
/** The table with these rows only, which later loads can be undone to. */
const startWith = async (csv: string) => {
  await db.query("DELETE FROM before_meters");
  await db.query("TRUNCATE meters");
  expect((await call("POST", "/ingest/meters/csv", csv)).status).toBe(200);
  return content();
};
/** Takes a load back, which is killed; either way the table is whole. */
const undo = async (id: number, ms: number, either: string[][]) => {
  const path = `/ingest/loads/${id}?undo=true`;
  const undone = call("DELETE", path).catch(() => undefined);
  await killAfter(ms);
  await undone;
  await vi.waitFor(async () => expect(either).toContainEqual(await content()), 20_000);
  expect((await until<Load>(200, () => call("DELETE", path))).undoneAt).not.toBeNull();
};
const keptRows = async () => (await db.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM before_meters"))[0][0]?.n;

const file = `${rows(5000, 6000, "1.5")}bad line\n${rows(6000, 20_000, "2.5")}S0,C7000,3.5\nS1,C30000,x\n`;
const records = file.trimEnd().split("\n");
const names = ["site", "code", "value"];
const asJson = (record: string) => {
  const fields = record.split(",");
  return fields.length < 3 ? record : JSON.stringify(Object.fromEntries(names.map((name, at) => [name, fields[at]])));
};
const asCells = (record: string) => {
  const cells = record.split(",").map((text) => `<c t="inlineStr"><is><t>${text}</t></is></c>`);
  return `<row>${cells.join("")}</row>`;
};
const workbook = async () => {
  const made = new ZipFile();
  const add = (name: string, text: string) => made.addBuffer(Buffer.from(text), name);
  add("[Content_Types].xml", "<Types/>");
  add("xl/workbook.xml", '<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>');
  const type = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
  const related = `<Relationship Id="r1" Type="${type}" Target="worksheets/sheet1.xml"/>`;
  add("xl/_rels/workbook.xml.rels", `<Relationships>${related}</Relationships>`);
  add("xl/worksheets/sheet1.xml", `<worksheet><sheetData>${records.map(asCells).join("")}</sheetData></worksheet>`);
  made.end();
  return buffer(made.outputStream);
};
/** The forms in which the file is sent: its bytes and their headers. */
const forms: Record<string, () => Promise<{ body: Buffer; type?: string; coding?: string }>> = {
  csv: async () => ({ body: Buffer.from(file) }),
  upload: async () => ({ body: Buffer.from(file) }),
  ndjson: async () => ({ body: Buffer.from(records.map(asJson).join("\n")), type: "application/x-ndjson" }),
  "utf-16": async () => ({ body: Buffer.from(`\ufeff${file}`, "utf16le") }),
  gzip: async () => ({ body: gzipSync(file), coding: "gzip" }),
  zstd: async () => ({ body: zstdCompressSync(file), coding: "zstd" }),
  brotli: async () => ({ body: brotliCompressSync(file), coding: "br" }),
  workbook: async () => ({ body: await workbook() }),
};
const loads: [query: string, form: string][] = [
  ["?mode=insert", "csv"],
  ["?mode=insert&maxRejects=100%25", "csv"],
  ["?mode=upsert", "csv"],
  ["?mode=upsert&maxRejects=100%25", "csv"],
  ["?mode=replace&maxRejects=100%25", "csv"],
  ["?mode=merge&maxRejects=100%25", "csv"],
  ["?mode=insert", "ndjson"],
  ["?mode=upsert", "workbook"],
  ["?mode=upsert", "utf-16"],
  ["?mode=insert", "gzip"],
  ["?mode=upsert", "zstd"],
  ["?mode=merge&maxRejects=100%25", "brotli"],
  ["?mode=replace&maxRejects=100%25", "upload"],
];
const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

describe.each(loads)("kill -9 at any moment of a load and of its undo: %s of %s", (query, form) => {
  it.each(seeds)("seed %i", async (seed) => {
    const random = seeded(seed * 7919 + query.length + form.length);
    const before = await startWith(rows(0, 10_000, "1.5"));
    const { body, type = "text/csv", coding } = await forms[form]!();
    const headers = {
      "Idempotency-Key": `${query} ${form} ${seed}`.replaceAll(" ", "-"),
      ...(coding && { "Content-Encoding": coding }),
    };
    const upload = form === "upload" ? (await sendByTus(running.url, body, chief)).slice(-32) : undefined;
    const send = () =>
      upload
        ? call("POST", `/ingest/meters/csv${query}&upload=${upload}`, undefined, type, headers)
        : call("POST", `/ingest/meters/csv${query}`, body as Buffer<ArrayBuffer>, type, headers);
    const first = send().catch(() => undefined);
    await killAfter(random() * 700);
    await first;
    const load = await until<Load>(200, send);
    expect(load).toMatchObject({ status: "done", received: 15_003 });
    expect(load.inserted + load.updated + load.rejected).toBe(load.received);
    const after = await content();
    const isInsert = query.includes("insert");
    const isWhole = /replace|merge/.test(query);
    expect(after).toHaveLength(isWhole ? 15_000 : 20_000);
    const valueAt = (key: string) => after.find((row) => row.startsWith(`${key} `))?.split(" ")[2];
    expect(Number(valueAt("S0 C7000"))).toBe(isInsert ? 1.5 : query.includes("replace") ? 2.5 : 3.5);
    expect(Number(valueAt("S1 C15002"))).toBe(2.5);
    await undo(load.id, random() * 500, [before, after]);
    expect(await content()).toEqual(before);
    expect(await keptRows()).toBe(0);
  });
});

describe.each(["?mode=insert", "?mode=merge&maxRejects=100%25"])("kill -9 at any moment of a retry: %s", (query) => {
  it.each(seeds)("seed %i", async (seed) => {
    const random = seeded(seed * 104_729 + query.length);
    const before = await startWith(rows(0, 5000, "1.5"));
    const mixed = rows(4000, 20_000, "2.5").replaceAll(/(C\d*[13579]),2\.5/g, "$1,x");
    const load = (await (await call("POST", `/ingest/meters/csv${query}`, mixed)).json()) as Load;
    expect(load).toMatchObject({ status: "done", received: 16_000 });
    const loaded = await content();
    const rejects = await (await call("GET", `/ingest/loads/${load.id}/rejects?format=file`)).text();
    const mended = rejects.replaceAll(/,x(?=\r?\n)/g, ",9.5");
    const key = { "Idempotency-Key": `retry ${query} ${seed}`.replaceAll(" ", "-") };
    const send = () => call("POST", `/ingest/loads/${load.id}/retry`, mended, "text/csv", key);
    const first = send().catch(() => undefined);
    await killAfter(random() * 500);
    await first;
    const retried = await until<Load>(200, send);
    expect(retried).toMatchObject({ status: "done", retryOf: load.id, received: load.rejected });
    const after = await content();
    expect(after.filter((row) => /^S\d C\d*[13579] 9\.5/.test(row)).length).toBe(retried.inserted + retried.updated);
    expect(after.length).toBe(loaded.length + retried.inserted);
    await undo(retried.id, random() * 300, [loaded, after]);
    expect(await content()).toEqual(loaded);
    await undo(load.id, random() * 300, [before, loaded]);
    expect(await content()).toEqual(before);
    expect(await keptRows()).toBe(0);
  });
});

describe("kill -9 at any moment of a set of backups and of a restore", () => {
  it.each(seeds)("seed %i", async (seed) => {
    const random = seeded(seed * 1_299_709);
    const before = (await startWith(rows(0, 20_000, "1.5"))).map(withoutLoad);
    const keyed = (name: string) => ({ "Idempotency-Key": `${name}-${seed}` });
    const backUp = () => call("POST", "/ingest/backups", undefined, "text/csv", keyed("set"));
    const first = backUp().catch(() => undefined);
    await killAfter(random() * 300);
    await first;
    const { backups } = await until<{ backups: Backup[] }>(201, backUp);
    const [meters] = backups.filter(({ table }) => table === "meters");
    expect(meters).toMatchObject({ rows: 20_000, verified: true });
    // What the killed process had begun is gone, and what is listed is whole.
    const listed = (await (await call("GET", "/ingest/backups")).json()) as { backups: Backup[] };
    expect(listed.backups.filter(({ verified }) => !verified)).toEqual([]);
    const ofSet = listed.backups.filter(({ set }) => set === meters?.set);
    expect(ofSet.map(({ name }) => name).sort()).toEqual(backups.map(({ name }) => name).sort());
    expect((await readdir(folder)).filter((name) => name.endsWith(".draft"))).toEqual([]);

    expect((await call("POST", "/ingest/meters/csv?mode=upsert", rows(10_000, 25_000, "7"))).status).toBe(200);
    const changed = (await content()).map(withoutLoad);
    const named = JSON.stringify({ name: meters?.name });
    const restore = () => call("POST", "/ingest/meters/restore", named, "application/json", keyed("restore"));
    const second = restore().catch(() => undefined);
    await killAfter(random() * 600);
    await second;
    await vi.waitFor(async () => {
      expect([before, changed]).toContainEqual((await content()).map(withoutLoad));
    }, 20_000);
    await until(200, restore);
    expect((await content()).map(withoutLoad)).toEqual(before);
    for (const { name } of backups) expect((await call("DELETE", `/ingest/backups/${name}`)).status).toBe(204);
  });
});

interface Backup {
  name: string;
  table: string;
  set: string | null;
  rows: number;
  verified: boolean;
}
/** A row of `content` without the id of its last load. */
const withoutLoad = (row: string) => row.split(" ").slice(0, 3).join(" ");
