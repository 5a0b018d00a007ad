import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type HiresTables, openHiresTables, postCsv } from "../hires-tables.ts";
import type { Variant } from "../interleave.ts";
import { compare, type Row } from "../row.ts";

const batchRows = 1000;
const columns = "(id, name, datetime, department_id, job_id)";

/** What a small service does: lines are split at commas and stored 1,000 at a time, in a transaction each. Nothing is checked. */
function inserts(name: string, tables: HiresTables, store: (rows: string[][]) => Promise<unknown>): Variant {
  const { admin, bare, plainFile, count, expectAll } = tables;
  return {
    name,
    async measure() {
      await admin.query(`DELETE FROM ${bare}.hired_employees`);
      const started = performance.now();
      let rows: string[][] = [];
      const flush = async () => {
        await admin.beginTransaction();
        await store(rows);
        await admin.commit();
        rows = [];
      };
      for await (const line of createInterface(createReadStream(plainFile))) {
        rows.push(line.split(","));
        if (rows.length === batchRows) await flush();
      }
      if (rows.length > 0) await flush();
      const elapsed = performance.now() - started;
      await expectAll(`${bare}.hired_employees`);
      return { figure: count / (elapsed / 1000) };
    },
  };
}

/** A CSV file of hires over HTTP, compared with prepared INSERTs of a client of the database. */
export const loadService: Row = {
  name: "load-service",
  about: "a CSV file of 200,000 hires, beside the INSERTs of a small service",
  async run({ rounds, scale, openStores }) {
    await using tables = await openHiresTables(Math.round(200_000 * scale), openStores);
    const { admin, bare } = tables;
    const into = `INSERT INTO ${bare}.hired_employees ${columns} VALUES`;
    const oneRow = "(?, ?, ?, ?, ?)";
    const variants = [
      inserts("executemany, row by row", tables, async (rows) => {
        for (const row of rows) await admin.execute(`${into} ${oneRow}`, row);
      }),
      inserts("executemany, 1,000 rows each", tables, (rows) =>
        admin.execute(`${into} ${rows.map(() => oneRow).join(", ")}`, rows.flat()),
      ),
      postCsv(tables),
    ];
    await compare("Load, beside prepared INSERTs by 1,000", "rows/s", variants, rounds);
  },
};
