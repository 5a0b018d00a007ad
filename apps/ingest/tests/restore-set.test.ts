import { readFile, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readBackupName } from "../src/backups/backup-name.ts";
import type { BackupSet } from "../src/backups/create-set.ts";
import type { RestoredSet } from "../src/backups/restore-set.ts";
import { departments, hires, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

const tables = ["departments", "hired_employees", "jobs"];
let ingest: TestIngest;
let set: BackupSet;
let before: unknown;

beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(async () => {
  await rm(ingest.backupDir, { recursive: true, force: true });
  for (const table of ["hired_employees", "jobs", "departments"]) await ingest.call("DELETE", `/ingest/${table}`);
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
  await ingest.load("hired_employees", hires(1, 5000));
  before = await content();
  set = (await (await ingest.call("POST", "/ingest/backups")).json()) as BackupSet;
});

const content = async () =>
  Object.fromEntries(
    await Promise.all(tables.map(async (table) => [table, await ingest.rows(`SELECT * FROM ${table} ORDER BY id`)])),
  ) as Record<string, { id: number }[]>;
const restore = (json: object = {}, headers: Record<string, string> = {}) =>
  ingest.call("POST", "/ingest/restore", { json, headers });
const backupOf = (table: string) => set.backups.find((backup) => backup.table === table)!;

/** Rows of all three tables that only fit together: neither table can be restored alone. */
async function changeAll(): Promise<void> {
  await ingest.call("DELETE", "/ingest/hired_employees");
  for (const table of ["jobs", "departments"]) await ingest.call("DELETE", `/ingest/${table}`);
  await ingest.load("departments", "id,department\n12,Other\n500,New\n");
  await ingest.load("jobs", "id,job\n600,New\n");
  await ingest.load("hired_employees", "1,Ann,2021-01-01T00:00:00Z,500,600\n");
}

it("all tables of a set are restored together, also what no table could be restored to alone", async () => {
  await changeAll();
  const changed = await content();
  await problemOf(await ingest.call("POST", "/ingest/jobs/restore", { json: {} }), 409);
  const preview = (await (await restore({ dryRun: true })).json()) as RestoredSet;
  expect(await content()).toEqual(changed);
  const of = (table: string, counts: object) => ({ table, backup: backupOf(table).name, ...counts });
  const wanted = [
    of("departments", { rows: 12, added: 11, changed: 1, removed: 1 }),
    of("jobs", { rows: 183, added: 183, changed: 0, removed: 1 }),
    of("hired_employees", { rows: 5000, added: 4999, changed: 1, removed: 0 }),
  ];
  expect({ ...preview, tables: new Set(preview.tables) }).toEqual({
    set: set.set,
    dryRun: true,
    tables: new Set(wanted),
  });
  expect(preview.tables.at(-1)?.table).toBe("hired_employees");
  const restored = await (await restore({ set: set.set }, { "Idempotency-Key": "all" })).json();
  expect(restored).toMatchObject({ set: set.set, tables: preview.tables });
  expect(restored).not.toHaveProperty("dryRun");
  expect(await content()).toEqual(before);
  await ingest.load("jobs", "id,job\n601,Later\n");
  expect(await (await restore({ set: set.set }, { "Idempotency-Key": "all" })).json()).toEqual(restored);
  expect((await content()).jobs).toHaveLength(184);
});

it("readers see all tables as they were or all as the set has them", async () => {
  await changeAll();
  const connection = await ingest.deps.mysql.getConnection();
  const seen = new Set<string>();
  let ended = false;
  const reading = (async () => {
    while (!ended) {
      const [rows] = await connection.query(
        "SELECT (SELECT COUNT(*) FROM jobs) AS a, (SELECT COUNT(*) FROM departments) AS b, (SELECT COUNT(*) FROM hired_employees) AS c",
      );
      seen.add(Object.values((rows as object[])[0]!).join());
    }
  })();
  expect((await restore()).status).toBe(200);
  ended = true;
  await reading;
  connection.release();
  expect([...seen].filter((counts) => !["1,2,1", "183,12,5000"].includes(counts))).toEqual([]);
});

it("the latest complete set is restored, or the latest one before a time", async () => {
  await ingest.load("jobs", "id,job\n700,Later\n");
  const later = (await (await ingest.call("POST", "/ingest/backups")).json()) as BackupSet;
  await ingest.call("POST", "/ingest/jobs/backups");
  const restored = async (json: object) => ((await (await restore(json)).json()) as RestoredSet).set;
  expect(await restored({})).toBe(later.set);
  expect(await restored({ timestamp: set.backups[0]!.createdAt })).toBe(set.set);
  await ingest.call("DELETE", `/ingest/backups/${later.backups[0]!.name}`);
  expect(await restored({})).toBe(set.set);
  const gone = await problemOf(await restore({ set: later.set }), 409);
  expect(gone.errors).toEqual([{ path: later.backups[0]!.table, message: `${later.backups[0]!.name} was deleted` }]);
  await problemOf(await restore({ set: "0".repeat(16) }), 404);
  await problemOf(await restore({ timestamp: "2000-01-01T00:00:00Z" }), 404);
  await problemOf(await restore({ set: set.set, timestamp: "2000-01-01T00:00:00Z" }), 422);
  await problemOf(await ingest.call("POST", "/ingest/restore", { by: ingest.people.plain.bearer }), 403);
});

it.each(["/ingest/restore", "/ingest/jobs/restore"])(
  "%s chooses again when what it chose is deleted meanwhile",
  async (path) => {
    const later = (await (await ingest.call("POST", "/ingest/backups")).json()) as BackupSet;
    const { backups } = ingest.deps;
    const { read } = backups;
    let deleted = 0;
    // As when a request is sent again whose process was killed while it published them.
    backups.read = async (name, range) => {
      for (const each of later.backups) {
        if (await backups.remove(readBackupName(each.name)!)) deleted++;
      }
      return read(name, range);
    };
    try {
      for (const dryRun of [true, false]) {
        const response = await ingest.call("POST", path, { json: { dryRun } });
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject(
          path === "/ingest/restore" ? { set: set.set } : { backup: backupOf("jobs").name },
        );
        expect(deleted).toBe(3);
      }
      // One that was asked for by its name is none other.
      expect((await restore({ set: later.set })).status).toBe(404);
    } finally {
      backups.read = read;
    }
  },
);

it("a 409 names each table that does not fit, and nothing is changed", async () => {
  const note = { type: "integer", constraints: { required: true } };
  const made = (name: string, fields: object[]) =>
    ingest.call("PUT", `/ingest/tables/${name}`, { json: { fields, primaryKey: "id" } });
  const id = { name: "id", type: "integer" };
  expect((await made("dropped", [id])).status).toBe(201);
  expect((await made("altered", [id, { name: "a", ...note }])).status).toBe(201);
  set = (await (await ingest.call("POST", "/ingest/backups")).json()) as BackupSet;
  expect((await ingest.call("DELETE", "/ingest/tables/dropped")).status).toBe(204);
  expect((await made("altered", [id, { name: "b", ...note }])).status).toBe(200);
  const path = join(ingest.backupDir, backupOf("jobs").name);
  const bytes = await readFile(path);
  bytes[bytes.length - 30]! ^= 1;
  await writeFile(path, bytes);
  await unlink(join(ingest.backupDir, backupOf("departments").name));
  await ingest.load("jobs", "id,job\n800,Kept\n");
  const now = await content();
  const problem = await problemOf(await restore({ set: set.set }), 409);
  expect(problem.errors?.map(({ path: at }) => at).sort()).toEqual(["altered", "departments", "dropped", "jobs"]);
  expect(problem.detail).toContain("dropped: the table was deleted");
  expect(problem.errors?.find(({ path: at }) => at === "altered")?.message).toContain("b");
  expect(problem.errors?.find(({ path: at }) => at === "jobs")?.message).toContain("is damaged");
  expect(await content()).toEqual(now);
  await ingest.call("DELETE", "/ingest/tables/altered?rows=delete");
});

it("references of tables that are not in the set are kept", async () => {
  await ingest.load("jobs", "id,job\n900,Later\n");
  const reference = { fields: "job", reference: { resource: "jobs", fields: "id" } };
  const fields = ["id", "job"].map((name) => ({ name, type: "integer" }));
  const json = { fields, primaryKey: "id", foreignKeys: [reference] };
  expect((await ingest.call("PUT", "/ingest/tables/shifts", { json })).status).toBe(201);
  await ingest.load("shifts", "id,job\n1,900\n2,1\n");
  const problem = await problemOf(await restore(), 409);
  expect(problem.errors).toEqual([{ path: "shifts.job", message: "1 row would refer to no row of jobs" }]);
  expect((await content()).jobs).toHaveLength(184);
  await ingest.call("DELETE", "/ingest/tables/shifts?rows=delete");
});
