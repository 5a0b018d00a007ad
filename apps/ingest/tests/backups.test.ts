import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import avsc from "avsc";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backup } from "../src/backups/backup.ts";
import { departments, hires, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const table of ["hired_employees", "jobs", "departments"]) await ingest.call("DELETE", `/ingest/${table}`);
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
  const odd = '900001,"tab\t, back\\slash\nNULL 🦤",1999-12-31T23:59:59.999Z,1,1\n';
  await ingest.load("hired_employees", `${hires(1, 8000)}${odd}`);
  await rm(ingest.backupDir, { recursive: true, force: true });
});

const all = (table = "hired_employees") => ingest.rows(`SELECT * FROM ${table} ORDER BY id`);
const restore = (table: string, json: object = {}) => ingest.call("POST", `/ingest/${table}/restore`, { json });

async function backUp(table = "hired_employees"): Promise<Backup> {
  const response = await ingest.call("POST", `/ingest/${table}/backups`);
  expect(response.status).toBe(201);
  return (await response.json()) as Backup;
}

async function download(name: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const response = await ingest.call("GET", `/ingest/backups/${name}`, { headers });
  return Buffer.from(await response.arrayBuffer());
}

describe("a backup", () => {
  it("is a file that any Avro reader opens", async () => {
    const response = await ingest.call("POST", "/ingest/hired_employees/backups");
    const backup = (await response.json()) as Backup;
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/ingest/backups/${backup.name}`);
    expect(backup).toMatchObject({ table: "hired_employees", rows: 8001 });
    expect(backup.name).toMatch(/^hired_employees-\d{8}T\d{9}Z-[0-9a-f]{8}\.avro$/);
    expect(Math.abs(Date.parse(backup.createdAt) - Date.now())).toBeLessThan(60_000);

    const bytes = await download(backup.name);
    expect(bytes.length).toBe(backup.bytes);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(backup.sha256);
    expect(bytes.subarray(0, 4).toString("latin1")).toBe("Obj\x01");
    const headEnd = bytes.indexOf(bytes.subarray(-16)) + 16;
    expect(bytes.subarray(0, headEnd).toString("latin1")).toMatch(
      /avro\.schema.*"timestamp-millis".*avro\.codec.*null/s,
    );

    const decoder = avsc.createFileDecoder(join(ingest.backupDir, backup.name));
    const rows: { id: number; name: string; datetime: number; department_id: number; job_id: number }[] = [];
    for await (const row of decoder) rows.push(row);
    const stored = await all();
    expect(rows).toHaveLength(stored.length);
    expect(rows.map((row) => ({ ...row, datetime: new Date(row.datetime) }))).toEqual(stored);
  });

  it("is downloaded whole, in parts, or not again", async () => {
    const backup = await backUp("jobs");
    const path = `/ingest/backups/${backup.name}`;
    const by = ingest.people.plain.basic;
    const whole = await ingest.call("GET", path, { by });
    expect(whole.headers.get("content-type")).toBe("application/avro");
    expect(whole.headers.get("content-length")).toBe(String(backup.bytes));
    expect(whole.headers.get("content-disposition")).toBe(`attachment; filename="${backup.name}"`);
    const bytes = Buffer.from(await whole.arrayBuffer());
    const etag = whole.headers.get("etag")!;
    expect((await ingest.call("GET", path, { headers: { "If-None-Match": etag } })).status).toBe(304);
    const head = await ingest.call("HEAD", path);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(backup.bytes)]);
    const part = await ingest.call("GET", path, { headers: { Range: "bytes=4-9", "If-Range": etag } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 4-9/${backup.bytes}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(4, 10));
    expect((await ingest.call("GET", path, { headers: { Range: "bytes=4-9", "If-Range": '"x"' } })).status).toBe(200);
    const beyond = await ingest.call("GET", path, { headers: { Range: `bytes=${backup.bytes}-` } });
    expect(beyond.headers.get("content-range")).toBe(`bytes */${backup.bytes}`);
    await problemOf(beyond, 416);
  });

  it("of a table that is being written to is a consistent snapshot", async () => {
    let writing = true;
    const writes = (async () => {
      for (let id = 2_000_000; writing; id += 2) {
        const rows = [id, id + 1].map((each) => [each, "Pair", "2021-01-01T00:00:00Z", 1, 1]);
        await ingest.call("POST", "/ingest/hired_employees/rows", { json: { rows } });
      }
    })();
    const backups = [await backUp(), await backUp(), await backUp()];
    writing = false;
    await writes;
    for (const { rows } of backups) expect((Number(rows) - 8001) % 2).toBe(0);
  });

  it("leaves nothing behind when it cannot be finished, and is not listed before", async () => {
    await backUp("jobs");
    const files = await readdir(ingest.backupDir);
    expect(files.filter((file) => file.startsWith("."))).toEqual([]);
    await writeFile(join(ingest.backupDir, `.${files[0]}.draft`), "x");
    await writeFile(join(ingest.backupDir, "notes.avro"), "x");
    const { backups } = (await (await ingest.call("GET", "/ingest/backups")).json()) as { backups: Backup[] };
    expect(backups).toHaveLength(1);
  });

  it("is listed newest first, in pages, as long as its file is there", async () => {
    const none = { backups: [], schedule: null, nextCursor: null };
    expect(await (await ingest.call("GET", "/ingest/backups")).json()).toEqual(none);
    const made: string[] = [];
    for (const table of ["jobs", "departments", "jobs", "departments", "jobs"])
      made.unshift((await backUp(table)).name);
    const byTime = (names: string[]) => names.map((name) => name.slice(name.indexOf("-")));
    const seen: Backup[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `?limit=2&cursor=${cursor}` : "?limit=2";
      const response = await ingest.call("GET", `/ingest/backups${query}`, { by: ingest.people.plain.basic });
      const page = (await response.json()) as { backups: Backup[]; nextCursor: string | null };
      seen.push(...page.backups);
      cursor = page.nextCursor;
    } while (cursor);
    expect(byTime(seen.map((backup) => backup.name))).toEqual([...byTime(made)].sort().reverse());
    await rm(join(ingest.backupDir, made[0]!));
    const { backups } = (await (await ingest.call("GET", "/ingest/backups")).json()) as { backups: Backup[] };
    expect(backups.map((backup) => backup.name)).not.toContain(made[0]);
    await problemOf(await ingest.call("GET", "/ingest/backups?cursor=x"), 400);
    await problemOf(await ingest.call("GET", "/ingest/backups?tables=jobs"), 400);
    const ofJobs = (await (await ingest.call("GET", "/ingest/backups?table=jobs")).json()) as { backups: Backup[] };
    expect(ofJobs.backups.map(({ table }) => table)).toEqual(["jobs", "jobs"]);
  });

  it("is created by staff, of an existing table, once per key", async () => {
    const path = "/ingest/jobs/backups";
    await problemOf(await ingest.call("POST", path, { by: null }), 401);
    await problemOf(await ingest.call("POST", path, { by: ingest.people.plain.bearer }), 403);
    await problemOf(await ingest.call("POST", "/ingest/people/backups"), 404);
    await problemOf(await ingest.call("POST", `${path}?x=1`), 400);
    await problemOf(await ingest.call("GET", path), 405);
    await problemOf(await ingest.call("GET", "/ingest/backups", { by: null }), 401);
    const headers = { "Idempotency-Key": "backup-1" };
    const first = (await (await ingest.call("POST", path, { headers })).json()) as Backup;
    expect(await (await ingest.call("POST", path, { headers })).json()).toEqual(first);
  });

  it("cannot be requested by a path", async () => {
    const { name } = await backUp("jobs");
    const tricks = [
      "..%2F..%2Fetc%2Fpasswd",
      `..%2F${name}`,
      `${name}%00`,
      `${name}.json`,
      `x${name}`,
      "%2e%2e",
      name.slice(0, -5),
    ];
    for (const trick of tricks) await problemOf(await ingest.call("GET", `/ingest/backups/${trick}`), 404);
    await problemOf(await ingest.call("GET", `/ingest/backups/${name}`, { by: null }), 401);
  });
});

describe("a restore", () => {
  it("makes the table what it was, byte for byte", async () => {
    const before = await all();
    const backup = await backUp();
    await ingest.rows("DELETE FROM hired_employees WHERE id % 3 = 0");
    await ingest.rows("UPDATE hired_employees SET name = 'changed' WHERE id % 5 = 0");
    await ingest.load("hired_employees", hires(30_001, 500));
    const response = await restore("hired_employees");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ table: "hired_employees", backup: backup.name, rows: 8001 });
    expect(await all()).toEqual(before);
    expect((await backUp()).bytes).toBe(backup.bytes);
  });

  it("is never seen half done", async () => {
    await backUp();
    await ingest.load("hired_employees", hires(50_001, 777));
    const seen = new Set<number>();
    let restoring = true;
    const response = restore("hired_employees").finally(() => {
      restoring = false;
    });
    while (restoring) seen.add(Number((await ingest.rows("SELECT COUNT(*) AS n FROM hired_employees"))[0]?.n));
    expect((await response).status).toBe(200);
    expect(seen.size).toBeGreaterThan(0);
    for (const count of seen) expect([8001, 8778]).toContain(count);
  });

  it("can be done by two at the same time, and beside writers", async () => {
    await backUp();
    const before = await all();
    const [one, two, load] = await Promise.all([
      restore("hired_employees"),
      restore("hired_employees"),
      ingest.load("hired_employees", hires(4001, 15_000), "?mode=upsert"),
    ]);
    expect([one.status, two.status, load.status]).toEqual([200, 200, "done"]);
    const after = await all();
    const ids = new Set(after.map((row) => row.id));
    for (const row of before) expect(ids.has(row.id)).toBe(true);
    expect(after.length).toBeLessThanOrEqual(19_001);
  });

  it("uses the latest backup, the latest before a time, or the named one", async () => {
    const first = await backUp("departments");
    await ingest.load("departments", "50,New\n");
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(first.createdAt)), 20_000);
    const second = await backUp("departments");
    await ingest.load("departments", "51,Newer\n");
    const counts: number[] = [];
    for (const json of [
      {},
      { timestamp: first.createdAt },
      { timestamp: second.createdAt.replace("Z", "+00:00") },
      { name: first.name },
      { timestamp: "9999-01-01T00:00:00Z" },
    ]) {
      const response = await restore("departments", json);
      expect(response.status).toBe(200);
      counts.push((await all("departments")).length);
    }
    expect(counts).toEqual([13, 12, 13, 12, 13]);
    const bare = await ingest.call("POST", "/ingest/departments/restore");
    expect(await bare.json()).toMatchObject({ backup: second.name });
  });

  it("says what it does not have", async () => {
    expect((await problemOf(await restore("jobs"), 404)).detail).toMatch(/no backup of jobs/);
    const { name } = await backUp("jobs");
    await problemOf(await restore("jobs", { timestamp: "2001-01-01T00:00:00Z" }), 404);
    await problemOf(await restore("jobs", { name: "jobs-20010101T000000000Z-00000000.avro" }), 404);
    await problemOf(await restore("jobs", { name: "../../etc/passwd" }), 404);
    await problemOf(await restore("people"), 404);
    const fault = async (json: object, table = "jobs") =>
      (await problemOf(await restore(table, json), 422)).errors?.[0]?.path;
    expect(await fault({ name }, "departments")).toBe("name");
    expect(await fault({ name, timestamp: "2021-01-01T00:00:00Z" })).toBe("name");
    expect(await fault({ timestamp: "yesterday" })).toBe("timestamp");
    expect(await fault({ timestamp: "2021-02-30T00:00:00Z" })).toBe("timestamp");
    expect(await fault({ timestamp: "2021-01-01T00:00:00" })).toBe("timestamp");
    expect(await fault({ timestamp: 5 })).toBe("timestamp");
    expect(await fault({ latest: true })).toBe("latest");
    const post = (body: string, type: string) =>
      ingest.call("POST", "/ingest/jobs/restore", { body, headers: { "Content-Type": type } });
    await problemOf(await post("{", "application/json"), 400);
    await problemOf(await post("name=x", "application/x-www-form-urlencoded"), 415);
    await problemOf(await ingest.call("POST", "/ingest/jobs/restore?x=1"), 400);
    await problemOf(await ingest.call("POST", "/ingest/jobs/restore", { by: null }), 401);
    await problemOf(await ingest.call("POST", "/ingest/jobs/restore", { by: ingest.people.plain.bearer }), 403);
  });

  it("changes nothing when references would break", async () => {
    await ingest.rows("DELETE FROM hired_employees");
    await ingest.rows("DELETE FROM departments WHERE id > 3");
    await backUp("departments");
    await ingest.load("departments", departments);
    await ingest.load("hired_employees", hires(1, 120));
    const before = await all("departments");
    const problem = await problemOf(await restore("departments"), 409);
    expect(problem.errors).toEqual([
      { path: "hired_employees.department_id", message: "90 rows would refer to no row of departments" },
    ]);
    expect(await all("departments")).toEqual(before);

    await backUp();
    await ingest.rows("DELETE FROM hired_employees");
    await ingest.rows("DELETE FROM jobs WHERE id > 100");
    const { errors } = await problemOf(await restore("hired_employees"), 409);
    expect(errors).toEqual([{ path: "hired_employees.job_id", message: "21 rows would refer to no row of jobs" }]);
    expect(await all()).toEqual([]);
  });

  it("changes nothing when the file is damaged", async () => {
    const backup = await backUp("jobs");
    const path = join(ingest.backupDir, backup.name);
    const bytes = await readFile(path);
    const before = await all("jobs");
    for (const at of [0, 30, bytes.length - 20, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      await writeFile(path, changed);
      expect((await problemOf(await restore("jobs"), 409)).detail).toMatch(/damaged/);
    }
    await writeFile(path, bytes.subarray(0, -1));
    await problemOf(await restore("jobs"), 409);
    // Without what was written down beside it, a file is taken for what it is.
    await rm(`${path}.json`);
    await problemOf(await restore("jobs"), 409);
    expect(await all("jobs")).toEqual(before);
    await rm(`${path}.json`);
    await writeFile(path, bytes);
    expect((await restore("jobs")).status).toBe(200);
    expect(await all("jobs")).toEqual(before);
  });

  it("accepts a file of another writer that is compressed with deflate", async () => {
    await backUp("jobs");
    const name = "jobs-20990101T000000000Z-abcdef01.avro";
    const encoder = avsc.createFileEncoder(
      join(ingest.backupDir, name),
      {
        type: "record",
        name: "jobs",
        namespace: "quintet.ingest",
        fields: [
          { name: "id", type: "long" },
          { name: "job", type: "string" },
        ],
      },
      { codec: "deflate", blockSize: 500 },
    );
    for (let id = 1; id <= 300; id++) encoder.write({ id, job: `Brought ${id}` });
    await new Promise((resolve) => encoder.end().on("finish", resolve));
    await vi.waitFor(async () => {
      const response = await restore("jobs", { name });
      expect(await response.json()).toEqual({ table: "jobs", backup: name, rows: 300 });
    }, 20_000);
    expect((await all("jobs"))[299]).toEqual({ id: 300, job: "Brought 300" });
    const { backups } = (await (await ingest.call("GET", "/ingest/backups")).json()) as { backups: Backup[] };
    expect(backups[0]).toMatchObject({ name, rows: 300, createdAt: "2099-01-01T00:00:00.000Z" });
  });
});
