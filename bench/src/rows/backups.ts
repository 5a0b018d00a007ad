import { createConnection } from "mysql2";
import { type HiresTables, loadData, openHiresTables, postCsv } from "../hires-tables.ts";
import type { Variant } from "../interleave.ts";
import { compare, type Row } from "../row.ts";

const table = "hired_employees";

/** Reads all rows, as arrays, as a client does that needs none of them. */
function reading({ app, count }: HiresTables): Variant {
  return {
    name: "reading with mysql2",
    async measure() {
      const connection = createConnection({ uri: app.mysqlUrl, dateStrings: true });
      const started = performance.now();
      let rows = 0;
      await new Promise<void>((resolve, reject) => {
        const sql = `SELECT id, name, datetime, department_id, job_id FROM ${table} ORDER BY id`;
        const query = connection.query({ sql, rowsAsArray: true });
        query.on("result", () => void rows++);
        query.on("error", reject);
        query.on("end", resolve);
      });
      const elapsed = performance.now() - started;
      await connection.promise().end();
      if (rows !== count) throw new Error(`${rows} of ${count} rows were read.`);
      return { figure: count / (elapsed / 1000) };
    },
  };
}

async function call<T>({ app }: HiresTables, method: string, path: string): Promise<T> {
  const response = await fetch(`${app.url}/ingest/${path}`, { method, headers: { Authorization: app.authorization } });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

const makeBackup = (tables: HiresTables) => call<{ name: string; rows: number }>(tables, "POST", `${table}/backups`);

function backup(tables: HiresTables): Variant {
  const { app, count } = tables;
  return {
    name: "POST /ingest/…/backups",
    async measure() {
      const before = app.server.cpu();
      const started = performance.now();
      const made = await makeBackup(tables);
      const elapsed = performance.now() - started;
      const cpuPerUnit = (app.server.cpu() - before) / count;
      if (made.rows !== count) throw new Error(`The backup has ${made.rows} of ${count} rows.`);
      await call(tables, "DELETE", `backups/${made.name}`);
      return { figure: count / (elapsed / 1000), cpuPerUnit };
    },
  };
}

/** A restore of the latest backup, after the rows of the table were deleted. */
function restore(tables: HiresTables): Variant {
  const { app, count, own, expectAll } = tables;
  return {
    name: "POST /ingest/…/restore",
    async measure() {
      await call(tables, "DELETE", table);
      const before = app.server.cpu();
      const started = performance.now();
      await call(tables, "POST", `${table}/restore`);
      const elapsed = performance.now() - started;
      const cpuPerUnit = (app.server.cpu() - before) / count;
      await expectAll(`${own}.${table}`);
      return { figure: count / (elapsed / 1000), cpuPerUnit };
    },
  };
}

/** Avro backups over HTTP, compared with reading the rows and dropping them, and their restores with a bare `LOAD DATA LOCAL INFILE`. */
export const backups: Row = {
  name: "backups",
  about: "an Avro backup of 1,000,000 hires, and its restore",
  async run({ rounds, scale, openStores }) {
    await using tables = await openHiresTables(Math.round(1_000_000 * scale), openStores);
    await postCsv(tables).measure();
    await compare("Backup", "rows/s", [reading(tables), backup(tables)], rounds);
    await makeBackup(tables);
    await compare("Restore into an empty table", "rows/s", [loadData(tables), restore(tables)], rounds);
  },
};
