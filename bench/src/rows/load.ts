import { createReadStream, mkdtempSync, openAsBlob } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type AppUnderTest, startApp } from "../app-process.ts";
import { departments, jobs, writeHires } from "../hires.ts";
import { compare, type Row } from "../row.ts";

/** A CSV file of hires over HTTP, every field validated, compared with a bare `LOAD DATA LOCAL INFILE` of the same rows. */
export const load: Row = {
  name: "load",
  about: "a CSV file of 1,000,000 hires into MySQL",
  async run({ rounds, scale, openStores }) {
    const count = Math.round(1_000_000 * scale);
    await using app = await startApp("ingest", ["mysql", "redis"], { openStores });
    const folder = mkdtempSync(join(tmpdir(), "quintet-hires-"));
    const [isoFile, plainFile] = [join(folder, "iso.csv"), join(folder, "plain.csv")];
    await writeHires(isoFile, count, true);
    await writeHires(plainFile, count, false);
    console.log(`  ${count} rows, ${Math.round((await stat(isoFile)).size / 1e6)} MB`);
    await reference(app, "departments", departments, "department");
    await reference(app, "jobs", jobs, "job");

    const admin = await createConnection(app.mysqlUrl);
    const own = new URL(app.mysqlUrl).pathname.slice(1);
    const bare = `${own}_bare`;
    await admin.query(`CREATE DATABASE ${bare}`);
    for (const table of ["departments", "jobs", "hired_employees"]) {
      const [rows] = await admin.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}`);
      await admin.query(`USE ${bare}`);
      await admin.query(String(rows[0]?.["Create Table"]));
      if (table !== "hired_employees") await admin.query(`INSERT INTO ${table} SELECT * FROM ${own}.${table}`);
      await admin.query(`USE ${own}`);
    }
    let peak = 0;
    const variants = [
      {
        name: "LOAD DATA LOCAL INFILE",
        async measure() {
          await admin.query(`DELETE FROM ${bare}.hired_employees`);
          const started = performance.now();
          const sql = `LOAD DATA LOCAL INFILE 'hires' INTO TABLE ${bare}.hired_employees FIELDS TERMINATED BY ','`;
          await admin.query({
            sql: `${sql} (id, name, datetime, department_id, job_id)`,
            infileStreamFactory: () => createReadStream(plainFile, { highWaterMark: 1 << 18 }),
          });
          const elapsed = performance.now() - started;
          await expectCount(admin, `${bare}.hired_employees`, count);
          return { figure: count / (elapsed / 1000) };
        },
      },
      {
        name: "POST /ingest/…/csv",
        async measure() {
          const headers = { Authorization: app.authorization };
          await fetch(`${app.url}/ingest/hired_employees`, { method: "DELETE", headers });
          const body = await openAsBlob(isoFile, { type: "text/csv" });
          const watch = setInterval(() => {
            peak = Math.max(peak, app.server.memory());
          }, 100);
          const started = performance.now();
          const response = await fetch(`${app.url}/ingest/hired_employees/csv`, { method: "POST", headers, body });
          const elapsed = performance.now() - started;
          clearInterval(watch);
          const loaded = (await response.json()) as { inserted: number };
          if (loaded.inserted !== count) throw new Error(`Not all rows were loaded: ${JSON.stringify(loaded)}`);
          await expectCount(admin, `${own}.hired_employees`, count);
          return { figure: count / (elapsed / 1000) };
        },
      },
    ];
    try {
      await compare("Load, all fields validated, references checked", "rows/s", variants, rounds);
      console.log(`  peak memory of the app's process: ${Math.round(peak / 1e6)} MB`);
    } finally {
      await admin.query(`DROP DATABASE ${bare}`);
      await admin.end();
      await rm(folder, { recursive: true });
    }
  },
};

async function reference(app: AppUnderTest, table: string, count: number, what: string): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => [i + 1, `${what} ${i + 1}`]);
  const response = await fetch(`${app.url}/ingest/${table}/rows`, {
    method: "POST",
    headers: { Authorization: app.authorization, "Content-Type": "application/json" },
    body: JSON.stringify({ rows }),
  });
  const { inserted } = (await response.json()) as { inserted: number };
  if (inserted !== count) throw new Error(`${table}: ${inserted} of ${count} rows were stored.`);
}

async function expectCount(admin: Awaited<ReturnType<typeof createConnection>>, table: string, count: number) {
  const [rows] = await admin.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  if (Number(rows[0]?.n) !== count) throw new Error(`${table} has ${rows[0]?.n} rows instead of ${count}.`);
}
