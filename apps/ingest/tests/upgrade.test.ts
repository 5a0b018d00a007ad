import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { migrateMysql } from "@quintet/db";
import { testMysql } from "@quintet/db/testing";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { expect, inject, it } from "vitest";
import { ingest as definition } from "../src/index.ts";

const migrations = fileURLToPath(new URL("../migrations", import.meta.url));

it("loads of an earlier version are counted and marked as they would be now", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const before = await mkdtemp(join(tmpdir(), "quintet-migrations-"));
  const db = await createConnection({ uri: database.url, multipleStatements: true });
  try {
    for (const name of ["0001-hires-and-loads.sql", "0002-done-requests.sql"]) {
      await copyFile(join(migrations, name), join(before, name));
    }
    await migrateMysql(database.url, "ingest", before);
    const load = (id: number, mode: string, dryRun: boolean, status: string, inserted: number) =>
      `(${id}, 'jobs', '${mode}', 'auto', ${dryRun}, '${status}', UUID(), ${inserted}, 0, '', NOW(3), NOW(3))`;
    await db.query(`INSERT INTO ingest_loads
        (id, table_name, mode, header, dry_run, status, owner, inserted, account_id, created_by, started_at, beat_at) VALUES
        ${load(1, "replace", false, "cut off", 3)}, ${load(2, "insert", true, "running", 1)},
        ${load(3, "insert", false, "cut off", 5)}, ${load(4, "replace", false, "done", 7)},
        ${load(5, "insert", false, "failed", 9)}, ${load(6, "replace", false, "failed", 9)}, ${load(7, "insert", false, "failed", 0)}`);
    await db.query("INSERT INTO staged_jobs VALUES (1, 1, 'a'), (2, 1, 'a'), (2, 2, 'b')");
    for (let run = 1; run <= 2; run++) {
      await definition.migrate({ MYSQL_URL: database.url });
      const [rows] = await db.query<RowDataPacket[]>("SELECT staged, status FROM ingest_loads ORDER BY id");
      // Two of the three rows that the first has counted are gone already: it must not be taken for whole.
      expect(rows.map(({ staged }) => staged)).toEqual([3, 2, 0, 0, 0, 0, 0]);
      // A load that had stored rows when its body ended badly was said to have failed.
      expect(rows.slice(4).map(({ status }) => status)).toEqual(["cut off", "failed", "failed"]);
    }
  } finally {
    await db.end();
    await rm(before, { recursive: true });
  }
});

it("rows that an earlier version has staged and kept are still those of their loads", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const before = await mkdtemp(join(tmpdir(), "quintet-migrations-"));
  const db = await createConnection({ uri: database.url, multipleStatements: true });
  try {
    for (const name of await readdir(migrations)) {
      if (name < "0019") await copyFile(join(migrations, name), join(before, name));
    }
    await migrateMysql(database.url, "ingest", before);
    await db.query(`CREATE TABLE meters (site VARCHAR(9) PRIMARY KEY, _load BIGINT NULL INVISIBLE);
      CREATE TABLE staged_meters (load_id BIGINT NOT NULL, site VARCHAR(9), PRIMARY KEY (load_id, site));
      CREATE TABLE before_meters (load_id BIGINT NOT NULL, site VARCHAR(9), _load BIGINT NULL INVISIBLE,
        PRIMARY KEY (load_id, site));
      CREATE TABLE staged_actors (load_id BIGINT NOT NULL);
      INSERT INTO ingest_tables SELECT 'meters', 1, 'ready', definition, NULL, '', changed_at, changed_at FROM ingest_tables LIMIT 1;
      INSERT INTO staged_meters VALUES (3, 'north');
      INSERT INTO before_meters (load_id, site, _load) VALUES (4, 'south', 2)`);
    for (let run = 1; run <= 2; run++) {
      await Promise.all([1, 2].map(() => definition.migrate({ MYSQL_URL: database.url })));
      const [staged] = await db.query<RowDataPacket[]>("SELECT * FROM staged_meters");
      expect(staged).toEqual([{ _of_load: 3, site: "north" }]);
      const [kept] = await db.query<RowDataPacket[]>("SELECT *, _load FROM before_meters");
      expect(kept).toEqual([{ _of_load: 4, site: "south", _load: 2 }]);
      await db.query("SELECT _of_load FROM staged_jobs UNION SELECT _of_load FROM before_jobs");
      // A column of its users by that name stays, and so does a table that is not of ingest.
      if (run === 1) await db.query("ALTER TABLE staged_meters ADD COLUMN load_id INT INVISIBLE");
      await db.query("SELECT load_id FROM staged_actors");
    }
  } finally {
    await db.end();
    await rm(before, { recursive: true });
  }
});
