import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { testMysql } from "@quintet/db/testing";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { expect, inject, it } from "vitest";
import type { BackupSet } from "../src/backups/create-set.ts";
import { departments, hires, jobs } from "./open-ingest.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";

const kills = 8;
const rows = 20_000;

it("a restore of a set that is killed has changed all tables or none, and its key restores the rest", {
  timeout: 600_000,
}, async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const folder = await mkdtemp(join(tmpdir(), "quintet-backups-"));
  const env = { ...ownProcessEnv(database.url), BACKUP_DIR: folder };
  const db = await createConnection(database.url);
  const witness = await startIngest(env);
  const send = (url: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/ingest/${path}`, {
      method: "POST",
      headers: { Authorization: chief, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const load = async (table: string, text: string) =>
    expect((await send(witness.url, `${table}/csv?mode=replace`, text, { "Content-Type": "text/csv" })).status).toBe(
      200,
    );
  const restore = (url: string, set: string, key: string) =>
    send(url, "restore", JSON.stringify({ set }), {
      "Content-Type": "application/json",
      "Idempotency-Key": key,
    });
  const content = async () => {
    const sum = (...columns: string[]) => `SUM(CRC32(CONCAT_WS('|', ${columns.join(", ")})))`;
    const [found] = await db.query<RowDataPacket[]>(
      `SELECT ${sum("id", "department")} AS a, (SELECT ${sum("id", "job")} FROM jobs) AS b,
        (SELECT ${sum("id", "name", "`datetime`", "department_id", "job_id")} FROM hired_employees) AS c FROM departments`,
    );
    return Object.values(found[0] ?? {}).join();
  };
  /** The server has taken back what a killed process had begun, or committed it. */
  const settled = async () => {
    for (;;) {
      const [open] = await db.query<RowDataPacket[]>(
        "SELECT 1 FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()",
      );
      if (open.length === 0) return;
      await pause(20);
    }
  };
  try {
    const sets: { id: string; sum: string }[] = [];
    for (const first of [1, rows / 2 + 1]) {
      await load("departments", first === 1 ? departments : departments.replaceAll("Department", "Unit"));
      await load("jobs", first === 1 ? jobs : jobs.replaceAll("Job", "Work"));
      await load("hired_employees", hires(first, rows));
      const { set } = (await (await send(witness.url, "backups")).json()) as BackupSet;
      sets.push({ id: set, sum: await content() });
    }
    const seen: string[] = [];
    const begun = performance.now();
    expect((await restore(witness.url, sets[0]!.id, "unharmed")).status).toBe(200);
    const whole = performance.now() - begun;
    for (let kill = 0; kill < kills; kill++) {
      const wanted = sets[1 - (kill % 2)]!;
      const victim = await startIngest(env);
      const key = `restore-${kill}`;
      const answer = restore(victim.url, wanted.id, key).then(
        (response) => response.status,
        () => undefined,
      );
      // From its start to its end, and the last time once it has answered.
      if (kill < kills - 1) await pause((whole * kill) / (kills - 2));
      else await answer;
      victim.child.kill("SIGKILL");
      if (victim.child.exitCode === null && victim.child.signalCode === null) await once(victim.child, "exit");
      const status = await answer;
      await settled();
      const left = await content();
      expect([kill, sets.map(({ sum }) => sum).includes(left)]).toEqual([kill, true]);
      if (status === 200) expect(left).toBe(wanted.sum);
      seen.push(left === wanted.sum ? "new" : "old");
      // The killed request counts as in flight for a while.
      let again = await restore(witness.url, wanted.id, key);
      while (again.status === 409) {
        await pause(Number(again.headers.get("retry-after") ?? 1) * 1000);
        again = await restore(witness.url, wanted.id, key);
      }
      expect(again.status).toBe(200);
      expect(await content()).toBe(wanted.sum);
    }
    expect(new Set(seen)).toEqual(new Set(["old", "new"]));
  } finally {
    witness.child.kill("SIGKILL");
    await db.end();
    await rm(folder, { recursive: true, force: true });
  }
});
