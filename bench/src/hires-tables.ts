import { createReadStream, mkdtempSync, openAsBlob } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { type AppUnderTest, startApp } from "./app-process.ts";
import { departments, jobs, writeHires } from "./hires.ts";
import type { Variant } from "./interleave.ts";
import type { OpenStores } from "./stores.ts";

/** The app with departments and jobs, hires as files, and the same tables in a database beside, `bare`, for what it is compared with. */
export interface HiresTables extends AsyncDisposable {
  app: AppUnderTest;
  admin: Connection;
  count: number;
  /** The hires with times as the API takes them, and in MySQL's own form. */
  isoFile: string;
  plainFile: string;
  /** A folder for further files. */
  folder: string;
  own: string;
  bare: string;
  /** Throws unless a table has all hires. */
  expectAll(table: string): Promise<void>;
}

/** Disposing of it removes everything. */
export async function openHiresTables(count: number, openStores: OpenStores): Promise<HiresTables> {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp("ingest", ["mysql", "redis"], { openStores }));
  const folder = mkdtempSync(join(tmpdir(), "quintet-hires-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const [isoFile, plainFile] = [join(folder, "iso.csv"), join(folder, "plain.csv")];
  await writeHires(isoFile, count, true);
  await writeHires(plainFile, count, false);
  console.log(`  ${count} rows, ${Math.round((await stat(isoFile)).size / 1e6)} MB`);
  await reference(app, "departments", departments, "department");
  await reference(app, "jobs", jobs, "job");

  const admin = await createConnection(app.mysqlUrl);
  stack.defer(() => admin.end());
  const own = new URL(app.mysqlUrl).pathname.slice(1);
  const bare = `${own}_bare`;
  await admin.query(`CREATE DATABASE ${bare}`);
  stack.defer(async () => void (await admin.query(`DROP DATABASE ${bare}`)));
  for (const table of ["departments", "jobs", "hired_employees"]) {
    const [rows] = await admin.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}`);
    await admin.query(`USE ${bare}`);
    await admin.query(String(rows[0]?.["Create Table"]));
    if (table !== "hired_employees") await admin.query(`INSERT INTO ${table} SELECT * FROM ${own}.${table}`);
    await admin.query(`USE ${own}`);
  }
  const expectAll = async (table: string) => {
    const [rows] = await admin.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
    if (Number(rows[0]?.n) !== count) throw new Error(`${table} has ${rows[0]?.n} rows instead of ${count}.`);
  };
  const resources = stack.move();
  return {
    ...{ app, admin, count, isoFile, plainFile, folder, own, bare, expectAll },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** `LOAD DATA LOCAL INFILE` of the hires into the table beside, after its rows were deleted. */
export function loadData({ admin, bare, plainFile, count, expectAll }: HiresTables): Variant {
  return {
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
      await expectAll(`${bare}.hired_employees`);
      return { figure: count / (elapsed / 1000) };
    },
  };
}

/** The hires as a CSV file over HTTP, after the rows of the table were deleted. */
export function postCsv({ app, own, isoFile, count, expectAll }: HiresTables): Variant {
  return {
    name: "POST /ingest/…/csv",
    async measure() {
      const headers = { Authorization: app.authorization };
      await fetch(`${app.url}/ingest/hired_employees`, { method: "DELETE", headers });
      const body = await openAsBlob(isoFile, { type: "text/csv" });
      const before = app.server.cpu();
      const started = performance.now();
      const response = await fetch(`${app.url}/ingest/hired_employees/csv`, { method: "POST", headers, body });
      const elapsed = performance.now() - started;
      const cpuPerUnit = (app.server.cpu() - before) / count;
      const loaded = (await response.json()) as { inserted: number };
      if (loaded.inserted !== count) throw new Error(`Not all rows were loaded: ${JSON.stringify(loaded)}`);
      await expectAll(`${own}.hired_employees`);
      return { figure: count / (elapsed / 1000), cpuPerUnit };
    },
  };
}

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
