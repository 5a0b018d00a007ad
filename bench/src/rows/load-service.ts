import { execFile, spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type HiresTables, openHiresTables, postCsv } from "../hires-tables.ts";
import type { Variant } from "../interleave.ts";
import { compare, type Row } from "../row.ts";

const batchRows = 1000;
const columns = "(id, name, datetime, department_id, job_id)";
const script = fileURLToPath(new URL("../executemany.py", import.meta.url));

const hasPyMySql = () => spawnSync("python3", ["-c", "import pymysql"]).status === 0;

/** A small service in Python with PyMySQL (`apt install python3-pymysql`). */
function pyMySql({ admin, app, bare, plainFile, count, expectAll }: HiresTables): Variant {
  const table = `${bare}.hired_employees`;
  return {
    name: "executemany of PyMySQL",
    async measure() {
      await admin.query(`DELETE FROM ${table}`);
      const { stdout } = await promisify(execFile)("python3", [script, app.mysqlUrl, table, plainFile]);
      await expectAll(table);
      return { figure: count / Number(stdout) };
    },
  };
}

/**
 * The statements of that service without Python: drivers send an `executemany` of 1,000 rows as one INSERT, whose values are text (see
 * `executemany.py`). Lines are split at commas and nothing is checked.
 */
function inserts({ admin, bare, plainFile, count, expectAll }: HiresTables): Variant {
  const table = `${bare}.hired_employees`;
  return {
    name: "the same INSERTs from Node",
    async measure() {
      await admin.query(`DELETE FROM ${table}`);
      const started = performance.now();
      let rows: string[][] = [];
      const flush = async () => {
        await admin.beginTransaction();
        await admin.query(`INSERT INTO ${table} ${columns} VALUES ?`, [rows]);
        await admin.commit();
        rows = [];
      };
      for await (const line of createInterface(createReadStream(plainFile))) {
        rows.push(line.split(","));
        if (rows.length === batchRows) await flush();
      }
      if (rows.length > 0) await flush();
      const elapsed = performance.now() - started;
      await expectAll(table);
      return { figure: count / (elapsed / 1000) };
    },
  };
}

/** A CSV file of hires over HTTP, compared with `executemany` of 1,000 rows at a time. */
export const loadService: Row = {
  name: "load-service",
  about: "a CSV file of 200,000 hires, beside the executemany of a small service",
  async run({ rounds, scale, openStores }) {
    await using tables = await openHiresTables(Math.round(200_000 * scale), openStores);
    const inPython = hasPyMySql() ? [pyMySql(tables)] : [];
    if (inPython.length === 0) console.log("  PyMySQL is not installed: only its statements are compared");
    await compare(
      "Load, beside executemany by 1,000",
      "rows/s",
      [...inPython, inserts(tables), postCsv(tables)],
      rounds,
    );
  },
};
