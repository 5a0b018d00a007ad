import { createHash } from "node:crypto";
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import avsc from "avsc";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backup } from "../src/backups/backup.ts";
import { newBackupName } from "../src/backups/backup-name.ts";
import { jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
  await ingest.load("jobs", jobs);
});
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(async () => {
  await rm(ingest.backupDir, { recursive: true, force: true });
  await mkdir(ingest.backupDir);
});

const file = (name: string) => join(ingest.backupDir, name);
const side = (name: string) => file(`${name}.json`);
const sum = async (name: string) =>
  createHash("sha256")
    .update(await readFile(file(name)))
    .digest("hex");
const restore = (name: string, table = "jobs") => ingest.call("POST", `/ingest/${table}/restore`, { json: { name } });
const all = () => ingest.rows("SELECT * FROM jobs ORDER BY id");

async function backUp(table = "jobs", headers: Record<string, string> = {}): Promise<Backup> {
  const response = await ingest.call("POST", `/ingest/${table}/backups`, { headers });
  expect(response.status).toBe(201);
  return (await response.json()) as Backup;
}

async function list(): Promise<Backup[]> {
  const response = await ingest.call("GET", "/ingest/backups");
  expect(response.status).toBe(200);
  return ((await response.json()) as { backups: Backup[] }).backups;
}

const jobFields = [
  { name: "id", type: "long" },
  { name: "job", type: "string" },
];

/** Has another writer of Avro make a file in the folder. */
async function foreign(
  name: string,
  rows: object[],
  fields: object[] = jobFields,
  options: object = {},
): Promise<void> {
  const schema = { type: "record", name: "Job", namespace: "org.example", doc: "made elsewhere", fields };
  const encoder = new avsc.streams.BlockEncoder(schema as avsc.Schema, options);
  for (const row of rows) encoder.write(row);
  encoder.end();
  await writeFile(file(name), await buffer(encoder));
}

describe("the sidecar of a backup", () => {
  const spoil: [what: string, (name: string) => Promise<unknown>][] = [
    ["is missing", (name) => rm(side(name))],
    ["is empty", (name) => truncate(side(name))],
    ["is cut", async (name) => truncate(side(name), (await stat(side(name))).size - 20)],
    ["is no JSON", (name) => writeFile(side(name), "\0\0\0\0")],
    ["is other JSON", (name) => writeFile(side(name), '{"rows":"many","bytes":-1}')],
    ["is null", (name) => writeFile(side(name), "null")],
    ["has no check sum", (name) => writeFile(side(name), '{"rows":183,"bytes":99,"sha256":""}')],
    ["is of another backup", async (name) => copyFile(side((await backUp()).name), side(name))],
    ["is a folder", (name) => rm(side(name)).then(() => mkdir(side(name)))],
  ];

  it.each(spoil)(
    "and %s is learned anew, and said to be unverified until the backup is restored",
    async (_, spoilIt) => {
      const made = await backUp();
      expect(made.verified).toBe(true);
      await spoilIt(made.name);
      const found = (await list()).find(({ name }) => name === made.name);
      const { verified: _verified, ...known } = made;
      expect(found).toMatchObject({
        ...known,
        verified: false,
        unverifiedReason: expect.stringMatching(/computed from the file later/),
      });
      expect((await ingest.call("POST", "/ingest/jobs/backups", { headers: { "Idempotency-Key": "k" } })).status).toBe(
        201,
      );
      const before = await all();
      await ingest.rows("DELETE FROM jobs WHERE id % 2 = 0");
      expect(await (await restore(made.name)).json()).toEqual({ table: "jobs", backup: made.name, rows: 183 });
      expect(await all()).toEqual(before);
      if ((await stat(side(made.name))).isFile()) {
        expect((await list()).find(({ name }) => name === made.name)).toEqual(made);
      }
      const whole = await ingest.call("GET", `/ingest/backups/${made.name}`);
      expect(
        createHash("sha256")
          .update(Buffer.from(await whole.arrayBuffer()))
          .digest("hex"),
      ).toBe(made.sha256);
    },
  );

  it("is not final while a file is still being copied in", async () => {
    const made = await backUp();
    const bytes = await readFile(file(made.name));
    const name = "jobs-20200101T000000000Z-abcdef01.avro";
    for (const length of [0, 10, bytes.length / 2, bytes.length - 1]) {
      await writeFile(file(name), bytes.subarray(0, length));
      expect((await list()).find((one) => one.name === name)).toMatchObject({ rows: null, verified: false });
      expect((await problemOf(await restore(name), 409)).detail).toMatch(/damaged/);
    }
    await writeFile(file(name), bytes);
    expect((await list()).find((one) => one.name === name)).toMatchObject({ rows: 183, sha256: made.sha256 });
    expect((await restore(name)).status).toBe(200);
  });

  it("shows that the file is a different one, although it is valid by itself", async () => {
    const made = await backUp();
    await ingest.load("jobs", "5001,More\n", "?mode=upsert");
    const other = await backUp();
    await ingest.rows("DELETE FROM jobs WHERE id = 5001");
    await copyFile(file(other.name), file(made.name));
    const found = (await list()).find(({ name }) => name === made.name);
    expect(found).toMatchObject({
      verified: false,
      unverifiedReason: expect.stringMatching(/damaged.*when it was created/),
    });
    expect((await problemOf(await restore(made.name), 409)).detail).toMatch(/not the one that was created/);
    expect(await all()).toHaveLength(183);
  });

  it("with details read from the file is ignored when the file has changed since", async () => {
    const made = await backUp();
    await rm(side(made.name));
    await list();
    const bytes = await readFile(file(made.name));
    bytes[bytes.length - 30]! ^= 0x20;
    const { mtime } = await stat(file(made.name));
    await writeFile(file(made.name), bytes);
    await utimes(file(made.name), mtime, new Date(mtime.getTime() + 5));
    expect((await list())[0]?.sha256).toBe(await sum(made.name));
  });
});

describe("a file without a stored checksum", () => {
  const name = "jobs-20990101T000000000Z-abcdef01.avro";
  const rows = Array.from({ length: 3000 }, (_, i) => ({ id: i + 1, job: `Brought ${i + 1}` }));

  it.each([
    ["null", { codec: "null" }],
    ["deflate, small blocks", { codec: "deflate", blockSize: 100 }],
    ["one large block", { codec: "null", blockSize: 10_000_000 }],
  ])("of another writer is restored: %s", async (_, options) => {
    await foreign(name, rows, jobFields, options);
    expect(await list()).toMatchObject([{ name, rows: 3000, verified: false, sha256: await sum(name) }]);
    expect(await (await restore(name)).json()).toMatchObject({ rows: 3000 });
    expect(await list()).toMatchObject([{ name, rows: 3000, verified: true }]);
  });

  const other = {
    codec: "xz",
    codecs: { xz: (data: Buffer, done: (e: null, d: Buffer) => void) => done(null, data) },
  };
  const [id, job] = jobFields as [object, object];
  it.each<[string, RegExp, object[], object[], object]>([
    ["a field less", /the field job is missing/, [{ id: 1 }], [id], {}],
    [
      "other fields",
      /the field id is missing/,
      [{ n: 1, t: "x" }],
      [
        { name: "n", type: "int" },
        { name: "t", type: "string" },
      ],
      {},
    ],
    [
      "another type",
      /the field job is boolean, not string or bytes/,
      [{ id: 1, job: true }],
      [id, { name: "job", type: "boolean" }],
      {},
    ],
    [
      "a value that may not be missing",
      /the row with id 1 has a job that the table cannot store: it is required/,
      [{ id: 1, job: null }],
      [id, { name: "job", type: ["null", "string"] }],
      {},
    ],
    [
      "another codec",
      /codec xz is not supported; supported are null, deflate, zstandard, snappy/,
      rows,
      jobFields,
      other,
    ],
    [
      "rows in another order",
      /the row with id 1 is out of order/,
      [
        { id: 2, job: "b" },
        { id: 1, job: "a" },
      ],
      [id, job],
      {},
    ],
    [
      "a row that breaks a rule",
      /the row with id 2 has a job that the table cannot store/,
      [
        { id: 1, job: "a" },
        { id: 2, job: " " },
      ],
      [id, job],
      {},
    ],
  ])("with %s is not reported as damaged", async (_what, reason, wrong, fields, options) => {
    const before = await all();
    await foreign(name, wrong, fields, options);
    for (let time = 0; time < 2; time++) {
      const { detail, errors } = await problemOf(await restore(name), 422);
      expect(detail).toMatch(reason);
      expect(detail).not.toMatch(/damaged/);
      expect(errors?.[0]?.path).toBe("name");
    }
    expect((await list())[0]).toMatchObject({ name, verified: false });
    await problemOf(await ingest.call("POST", "/ingest/jobs/restore"), 422);
    expect(await all()).toEqual(before);
  });

  it("is read to its end before anything is changed", async () => {
    const many = Array.from({ length: 9000 }, (_, i) => ({ id: i + 1, job: "brought" }));
    await foreign(name, many, jobFields, { codec: "null" });
    const bytes = await readFile(file(name));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file(name), bytes);
    const begun = vi.spyOn(ingest.deps.loads.bulk.pool, "getConnection");
    expect((await problemOf(await restore(name), 409)).detail).toMatch(/damaged/);
    expect(begun).not.toHaveBeenCalled();
    begun.mockRestore();
  });
});

describe("a folder with other things in it", () => {
  const odd = "jobs-20200101T000000000Z-abcdef01.avro";

  it("is listed and used for backups all the same", async () => {
    await mkdir(file(odd));
    await mkdir(file(odd.replace("2020", "2021")));
    await writeFile(file("notes.avro"), "x");
    const made = await backUp();
    expect(await list()).toEqual([made]);
    await problemOf(await restore(odd), 404);
    await problemOf(await ingest.call("GET", `/ingest/backups/${odd}`), 404);
    await writeFile(file(odd.replace("2020", "2022")), "");
    expect((await list()).at(-1)).toMatchObject({
      bytes: 0,
      rows: null,
      unverifiedReason: expect.stringMatching(/damaged/),
    });
    const empty = await ingest.call("GET", `/ingest/backups/${odd.replace("2020", "2022")}`);
    expect([empty.status, await empty.text()]).toEqual([200, ""]);
  });

  it("loses a backup for good when staff delete it", async () => {
    const [first, second] = [await backUp(), await backUp()];
    const path = `/ingest/backups/${first.name}`;
    await problemOf(await ingest.call("DELETE", path, { by: null }), 401);
    await problemOf(await ingest.call("DELETE", path, { by: ingest.people.plain.bearer }), 403);
    expect((await ingest.call("DELETE", path)).status).toBe(204);
    await problemOf(await ingest.call("DELETE", path), 404);
    await problemOf(await ingest.call("DELETE", "/ingest/backups/..%2Fx"), 404);
    expect(await list()).toEqual([second]);
    expect((await readdir(ingest.backupDir)).sort()).toEqual([second.name, `${second.name}.json`].sort());
    await rename(file(second.name), file(first.name));
    expect(await list()).toMatchObject([{ name: first.name, verified: false, sha256: second.sha256 }]);
  });
});

it.skipIf(process.platform !== "linux")("is closed again, whatever is wrong with it", async () => {
  const opened = async () => {
    const files = await readdir("/proc/self/fd");
    const paths = await Promise.all(files.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
    return paths.filter((path) => path.startsWith(ingest.backupDir));
  };
  const { name } = await backUp();
  await rm(side(name));
  await truncate(file(name), (await stat(file(name))).size - 20);
  await problemOf(await restore(name), 409);
  const unfit = newBackupName("jobs", new Date()).name;
  await foreign(unfit, [{ id: 1, task: "x" }], [jobFields[0]!, { name: "task", type: "string" }]);
  await problemOf(await restore(unfit), 422);
  const unknown = newBackupName("jobs", new Date()).name;
  await writeFile(file(unknown), Buffer.alloc(3_000_000, "Obj"));
  await problemOf(await restore(unknown), 409);
  await list();
  await expect.poll(opened).toEqual([]);
});
