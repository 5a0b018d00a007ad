import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testMysql } from "@quintet/db/testing";
import { createConnection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { newBackupName } from "../src/backups/backup-name.ts";
import { draftPath, sidecarDraftPath } from "../src/backups/folder/draft-name.ts";
import { folderStorage } from "../src/backups/folder/folder-storage.ts";
import { removeStaleDrafts } from "../src/backups/folder/stale-drafts.ts";
import { hires, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";
import { chief, ownProcessEnv } from "./own-process.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quintet-drafts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const put = (file: string) => writeFile(join(folder, file), "x");
const files = async () => (await readdir(folder)).sort();

describe("a process that is killed during a backup", () => {
  const env: Record<string, string> = {};
  let database: Awaited<ReturnType<typeof testMysql>>;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    database = await testMysql(inject("mysqlUrl"));
    Object.assign(env, ownProcessEnv(database.url));
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await database[Symbol.asyncDispose]();
  });

  async function start(): Promise<{ child: ChildProcess; call(method: string, path: string): Promise<Response> }> {
    const at = fileURLToPath(new URL("serve-ingest.ts", import.meta.url));
    const child = spawn(process.execPath, [at], { env: { ...env, BACKUP_DIR: folder } });
    children.push(child);
    const [port] = await once(child.stdout!, "data");
    const origin = `http://127.0.0.1:${String(port).trim()}`;
    return { child, call: (method, path) => fetch(origin + path, { method, headers: { Authorization: chief } }) };
  }

  it("leaves files that the next start deletes, and no other process before", async () => {
    const first = await start();
    const db = await createConnection(database.url);
    // The snapshot waits, and its draft is there.
    await db.query("LOCK TABLES jobs WRITE");
    const lost = first.call("POST", "/ingest/jobs/backups").catch((error: unknown) => error);
    const [draft = ""] = await vi.waitFor(async () => {
      const found = await files();
      expect(found).toHaveLength(1);
      return found;
    }, 20_000);
    expect(draft).toMatch(/^\.jobs-.*\.draft$/);

    // As another process does at its start, and before it backs up itself.
    await removeStaleDrafts(folder);
    expect(await files()).toEqual([draft]);

    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    await lost;
    const name = /^\.(.*?\.avro)/.exec(draft)?.[1] ?? "";
    // Whatever it had got to: a draft of what stands beside it, or that itself.
    await put(draft.replace(".avro.", ".avro.json.").replace(".draft", "-00c0ffee.draft"));
    await put(`${name}.json`);
    const second = await start();
    await vi.waitFor(async () => expect(await files()).toEqual([]), 20_000);

    await put(draft);
    await db.query("UNLOCK TABLES");
    // So does the next backup, in a process that started before.
    const made = await second.call("POST", "/ingest/jobs/backups");
    const { name: listed } = (await made.json()) as { name: string };
    expect(await files()).toEqual([listed, `${listed}.json`]);

    // Nothing is listed of one whose folder is removed while it is made.
    await db.query("LOCK TABLES jobs WRITE");
    const removed = second.call("POST", "/ingest/jobs/backups");
    await vi.waitFor(async () => expect(await files()).toHaveLength(3), 20_000);
    await rm(folder, { recursive: true });
    await db.query("UNLOCK TABLES");
    await problemOf(await removed, 503);
    expect(await (await second.call("GET", "/ingest/backups")).json()).toMatchObject({ backups: [] });
    expect((await second.call("POST", "/ingest/jobs/backups")).status).toBe(201);
    const before = await files();
    expect(before).toHaveLength(2);

    // A file that may not grow takes a part of what is written, and says nothing: only the next write fails.
    const rows = Array.from({ length: 1000 }, (_, i) => `(${i + 1}, 'Department ${i + 1}')`);
    await db.query(`INSERT INTO departments VALUES ${rows.join(", ")}`);
    execFileSync("prlimit", ["--pid", String(second.child.pid), "--fsize=4096"]);
    await problemOf(await second.call("POST", "/ingest/departments/backups"), 507);
    expect(await files()).toEqual(before);
    await db.end();
  });
});

describe("what is left in the folder", () => {
  const names = Array.from({ length: 9 }, () => newBackupName("jobs", new Date()));
  const nameOf = (path: string) => path.slice(folder.length + 1);

  it("is deleted when no process can be using it, and nothing else is", async () => {
    const [own, ended, elsewhere, stale, former, removed, whole, unknown] = names as [
      (typeof names)[0],
      ...typeof names,
    ];
    const kept = [
      nameOf(draftPath(folder, own)),
      nameOf(sidecarDraftPath(folder, own)),
      // Its draft is there, so that its own file may come yet.
      `${own.name}.json`,
      `.${elsewhere?.name}.0123456789ab-1-1.draft`,
      `${elsewhere?.name}.json`,
      `${whole?.name}.json`,
      `${whole?.name}`,
      "notes.json",
      ".notes.draft",
      `.${unknown?.name}.swp`,
    ];
    const gone = [
      // A process that began at another time had the id of this one.
      nameOf(draftPath(folder, ended!)).replace(/-\d+\.draft$/, "-1.draft"),
      `${ended?.name}.json`,
      `.${stale?.name}.0123456789ab-1-1.draft`,
      `.${former?.name}.draft`,
      `.${former?.name}.json.draft`,
      `${removed?.name}.json`,
    ];
    for (const file of [...kept, ...gone]) await put(file);
    const longAgo = new Date(Date.now() - 11 * 60_000);
    await utimes(join(folder, `.${stale?.name}.0123456789ab-1-1.draft`), longAgo, longAgo);
    await removeStaleDrafts(folder);
    expect(await files()).toEqual(kept.sort());
    await removeStaleDrafts(join(folder, "not there"));
  });
});

describe.skipIf(process.getuid?.() !== 0)("a disk that is full", () => {
  let ingest: TestIngest;
  let app: ReturnType<typeof createApp>;
  let disk: string;
  beforeAll(async () => {
    ingest = await openIngest();
    await ingest.load("jobs", jobs);
    await ingest.load("departments", "1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n7,g\n8,h\n9,i\n10,j\n11,k\n12,l\n");
    await ingest.load("hired_employees", hires(1, 8000));
    disk = await mkdtemp(join(tmpdir(), "quintet-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    app = createApp({ ...ingest.deps, backups: folderStorage(join(disk, "backups")) });
  });
  afterAll(async () => {
    execFileSync("umount", [disk]);
    await rm(disk, { recursive: true });
    await ingest[Symbol.asyncDispose]();
  });
  const backUp = (table: string) =>
    app.request(`/ingest/${table}/backups`, { method: "POST", headers: { Authorization: ingest.people.staff.bearer } });
  const left = () => readdir(join(disk, "backups"));

  it("is a 507 that says so, wherever it happens, and leaves nothing behind", async () => {
    const { detail } = await problemOf(await backUp("hired_employees"), 507);
    expect(detail).toMatch(/^The disk of the backups is full/);
    expect(await left()).toEqual([]);
    const statuses: number[] = [];
    for (let pages = 16; pages >= 11; pages--) {
      await writeFile(join(disk, "filler"), Buffer.alloc(pages * 4096));
      const response = await backUp("jobs");
      statuses.push(response.status);
      if (response.status === 507) expect(await left()).toEqual([]);
      else expect(await left()).toHaveLength(2);
      await rm(join(disk, "filler"));
      if (response.status === 201) break;
    }
    // At the rows, at what stands beside them, and not at all.
    expect(new Set(statuses)).toEqual(new Set([507, 201]));
    expect(statuses.filter((status) => status === 507).length).toBeGreaterThanOrEqual(2);
    await rm(join(disk, "backups"), { recursive: true });
    await mkdir(join(disk, "backups"));
  });

  it("that takes no writes any more is a 503, and lists nothing that is not whole", async () => {
    const made = await backUp("jobs");
    expect(made.status).toBe(201);
    const before = await left();
    execFileSync("mount", ["-o", "remount,ro", disk]);
    try {
      expect((await problemOf(await backUp("jobs"), 503)).detail).toMatch(/backup folder cannot be written/);
      expect(await left()).toEqual(before);
    } finally {
      execFileSync("mount", ["-o", "remount,rw", disk]);
    }
    await rm(join(disk, "backups"), { recursive: true });
  });

  it.each([183, 3000])(
    "of MySQL cuts a load of %i rows off with a 507, and its key goes on when there is room",
    async (count) => {
      const connection = await ingest.deps.mysql.getConnection();
      await connection.query("SET SESSION max_heap_table_size = 16384");
      await connection.query("ALTER TABLE staged_jobs ENGINE = MEMORY");
      connection.destroy();
      const body = Array.from({ length: count }, (_, index) => `${index + 1},Job ${index + 1} of ${count}\n`).join("");
      const send = () =>
        ingest.call("POST", "/ingest/jobs/csv?mode=replace", {
          body,
          headers: { "Content-Type": "text/csv", "Idempotency-Key": `full-${count}` },
        });
      const problem = await problemOf(await send(), 507);
      expect(problem).toMatchObject({ detail: "A required store is full.", loadStatus: "cut off" });
      await ingest.rows("ALTER TABLE staged_jobs ENGINE = InnoDB");
      expect(await (await send()).json()).toMatchObject({ status: "done", received: count, rejected: 0 });
    },
  );
});
