import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@quintet/http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ingest as definition } from "../src/index.ts";
import { type RetentionSettings, removeExpired } from "../src/retention/retention.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());

const forGood: RetentionSettings = { loadsDays: 0, rejectsDays: 0, undoDays: 0, backups: { keep: 0, days: 0 } };
const log = createLogger({ service: "ingest", level: "silent" });
const sweep = (kept: Partial<RetentionSettings>) => {
  const { mysql: db, bulk, backups: storage, uploads } = ingest.deps;
  return removeExpired(
    { db, bulk, storage, uploads, log, kept: { ...forGood, ...kept } },
    new AbortController().signal,
  );
};
const count = async (from: string) => Number((await ingest.rows(`SELECT COUNT(*) AS n FROM ${from}`))[0]?.n);
/** As if the load had begun, and been heard of last, so many days ago. */
const age = (id: number, days: number) =>
  ingest.rows(
    "UPDATE ingest_loads SET started_at = started_at - INTERVAL ? DAY, beat_at = beat_at - INTERVAL ? DAY WHERE id = ?",
    [days, days, id],
  );
const bad = (rows: number) => Array.from({ length: rows }, (_, i) => `${i + 1},\n`).join("");

describe("loads and their rejected rows", () => {
  beforeEach(async () => {
    await ingest.rows("DELETE FROM ingest_loads");
    await ingest.rows("DELETE FROM ingest_rejects");
  });

  it("are kept forever if so configured, and by default for over a year", async () => {
    const { id } = await ingest.load("jobs", bad(3), "?maxRejects=100%");
    await age(id, 10_000);
    await sweep({});
    expect([await count("ingest_loads"), await count("ingest_rejects")]).toEqual([1, 3]);
    const { LOADS_DAYS, REJECTS_DAYS, UNDO_DAYS, BACKUPS_KEEP, BACKUPS_DAYS } = definition.loadConfig(ingest.env);
    expect([LOADS_DAYS, REJECTS_DAYS, UNDO_DAYS, BACKUPS_KEEP, BACKUPS_DAYS]).toEqual([400, 90, 30, 0, 0]);
    expect(() => definition.loadConfig({ ...ingest.env, LOADS_DAYS: "2" })).toThrow(
      /LOADS_DAYS: must be 0, or at least 3/,
    );
  });

  it("are removed when they are old, dry runs too, and those of others stay", async () => {
    const old = await ingest.load("jobs", bad(12_000), "?maxRejects=100%");
    const dry = await ingest.load("jobs", bad(2), "?dryRun=true");
    const young = await ingest.load("jobs", bad(1));
    await age(old.id, 100);
    await age(dry.id, 100);
    await age(young.id, 89);
    await sweep({ rejectsDays: 90, loadsDays: 400 });
    expect([await count("ingest_loads"), await count("ingest_rejects")]).toEqual([3, 1]);
    const { detail } = await problemOf(await ingest.call("GET", `/ingest/loads/${old.id}/rejects`), 404);
    expect(detail).toBe("The 12000 rejected rows of this load have expired.");
    expect((await ingest.call("GET", `/ingest/loads/${young.id}/rejects`)).status).toBe(200);

    await age(old.id, 301);
    await sweep({ rejectsDays: 90, loadsDays: 400 });
    await problemOf(await ingest.call("GET", `/ingest/loads/${old.id}`), 404);
    expect([await count("ingest_loads"), await count("ingest_rejects")]).toEqual([2, 1]);
  });

  it("cannot be undone after some time, while what they stored stays", async () => {
    await ingest.load("jobs", "1,Cook\n2,Nurse\n");
    const [old, young] = [
      await ingest.load("jobs", "1,Baker\n", "?mode=upsert"),
      await ingest.load("jobs", "2,Clerk\n", "?mode=upsert"),
    ];
    await age(old.id, 31);
    await age(young.id, 29);
    await sweep({});
    expect(await count("before_jobs")).toBe(2);
    await sweep({ undoDays: 30 });
    expect(await count("before_jobs")).toBe(1);
    const undo = (id: number) => ingest.call("DELETE", `/ingest/loads/${id}?undo=true`);
    expect((await problemOf(await undo(old.id), 409)).detail).toContain("before it have expired");
    expect((await undo(young.id)).status).toBe(200);
    expect(await ingest.rows("SELECT id, job FROM jobs WHERE id < 3")).toEqual([
      { id: 1, job: "Baker" },
      { id: 2, job: "Nurse" },
    ]);
    await ingest.load("jobs", "2,Clerk\n", "?mode=upsert");
    await ingest.rows("DELETE FROM ingest_loads");
    await sweep({});
    expect(await count("before_jobs")).toBe(0);
  });

  it("of a load that can be resumed stay until the load itself expires", async () => {
    const insert = async (status: string, key: string | null) => {
      await ingest.rows(
        `INSERT INTO ingest_loads (table_name, mode, header, dry_run, status, request_key, owner, rejected, account_id, created_by,
          started_at, beat_at) VALUES ('jobs', 'insert', 'auto', FALSE, ?, ?, 'o', 1, 1, 'a', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
        [status, key],
      );
      const id = Number((await ingest.rows("SELECT MAX(id) AS id FROM ingest_loads"))[0]?.id);
      await ingest.rows(
        "INSERT INTO ingest_rejects (load_id, line, column_name, reason, raw) VALUES (?, 1, 'job', 'is required', '1,')",
        [id],
      );
      await ingest.rows("INSERT INTO staged_jobs VALUES (?, 1, 'a')", [id]);
      await age(id, 100);
      return id;
    };
    const [goesOn, killed, nobodys] = [
      await insert("cut off", "k"),
      await insert("running", "l"),
      await insert("cut off", null),
    ];
    await sweep({ rejectsDays: 90 });
    const left = (await ingest.rows("SELECT load_id FROM ingest_rejects ORDER BY load_id")).map((row) => row.load_id);
    expect(left).toEqual([goesOn, killed]);
    expect(nobodys).toBeGreaterThan(killed);
    // What was staged is forgotten after a day, whoever was killed.
    expect(await count("staged_jobs")).toBe(0);
    await sweep({ loadsDays: 99 });
    expect([await count("ingest_loads"), await count("ingest_rejects")]).toEqual([0, 0]);
  });

  it("are removed by one process at a time", async () => {
    const { id } = await ingest.load("jobs", bad(3), "?maxRejects=100%");
    await age(id, 100);
    const held = await ingest.deps.mysql.getConnection();
    await held.query("DO GET_LOCK(CONCAT('quintet_', MD5(CONCAT(DATABASE(), '.ingest retention'))), 0)");
    await sweep({ rejectsDays: 90 });
    expect(await count("ingest_rejects")).toBe(3);
    held.destroy();
    await expect
      .poll(async () => {
        await sweep({ rejectsDays: 90 });
        return count("ingest_rejects");
      })
      .toBe(0);
  });
});

it("keeps a number of verified backups of each table, and all newer ones", async () => {
  const backUp = async (table: string) => {
    const response = await ingest.call("POST", `/ingest/${table}/backups`);
    return ((await response.json()) as { name: string }).name;
  };
  const made: string[] = [];
  for (let i = 0; i < 4; i++) made.push(await backUp("jobs"));
  const other = await backUp("departments");
  const listed = async () => (await readdir(ingest.backupDir)).filter((name) => name.endsWith(".avro")).sort();
  await sweep({});
  expect(await listed()).toHaveLength(5);
  // The newest is damaged: it takes the place of none.
  await writeFile(join(ingest.backupDir, made[3]!), "");
  await sweep({ backups: { keep: 2, days: 0 } });
  expect(await listed()).toEqual([other, ...made.slice(1)].sort());
  expect(await readdir(ingest.backupDir)).not.toContain(`${made[0]}.json`);
});

it("keeps backups for some days, and the newest verified one of each table longer", async () => {
  await rm(ingest.backupDir, { recursive: true });
  const backUp = async () => {
    const response = await ingest.call("POST", "/ingest/jobs/backups");
    return ((await response.json()) as { name: string }).name;
  };
  const aged = async (name: string, day: string) => {
    const old = name.replace(/-\d{8}T/, `-${day}T`);
    await rename(join(ingest.backupDir, name), join(ingest.backupDir, old));
    const side = JSON.parse(await readFile(join(ingest.backupDir, `${name}.json`), "utf8")) as object;
    await rm(join(ingest.backupDir, `${name}.json`));
    await writeFile(join(ingest.backupDir, `${old}.json`), JSON.stringify({ ...side, name: old }));
    return old;
  };
  const [old, older] = [await aged(await backUp(), "20200102"), await aged(await backUp(), "20200101")];
  const damaged = await backUp();
  await writeFile(join(ingest.backupDir, damaged), "");
  const listed = async () => (await readdir(ingest.backupDir)).filter((name) => name.endsWith(".avro")).sort();
  await sweep({ backups: { keep: 0, days: 30 } });
  expect(await listed()).toEqual([damaged, old].sort());
  expect(await listed()).not.toContain(older);
  const young = await backUp();
  await sweep({ backups: { keep: 0, days: 30 } });
  expect(await listed()).toEqual([damaged, young].sort());
});
