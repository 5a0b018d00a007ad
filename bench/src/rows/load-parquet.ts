import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { openHiresTables, postCsv } from "../hires-tables.ts";
import type { Variant } from "../interleave.ts";
import { compare, type Row } from "../row.ts";

const duckdb = "@duckdb/node-api@1.5.6-r.1";
/** Below this, the row only shows that it works, and installs nothing. */
const minScale = 0.01;

interface DuckConnection {
  run(sql: string): Promise<{ rowsChanged: number | bigint }>;
}

/** DuckDB in a folder of its own: it is no dependency of this repository. */
async function openDuckDb(folder: string): Promise<DuckConnection> {
  console.log(`  installing ${duckdb}`);
  const npm = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", duckdb];
  await promisify(execFile)("npm", npm, { cwd: folder });
  const { DuckDBInstance } = createRequire(join(folder, "package.json"))("@duckdb/node-api") as {
    DuckDBInstance: { create(): Promise<{ connect(): Promise<DuckConnection> }> };
  };
  return (await DuckDBInstance.create()).connect();
}

/** The same file, with the same types, by DuckDB's reader into a Parquet file: the limit that parsing and checking sets. */
function intoParquet(
  connection: DuckConnection,
  { file, folder, count }: { file: string; folder: string; count: number },
): Variant {
  const types =
    "{'id': 'INTEGER', 'name': 'VARCHAR', 'datetime': 'TIMESTAMPTZ', 'department_id': 'INTEGER', 'job_id': 'INTEGER'}";
  const sql = `COPY (SELECT * FROM read_csv('${file}', header = false, columns = ${types})) TO '${join(folder, "hires.parquet")}'`;
  return {
    name: "DuckDB into Parquet",
    async measure() {
      const started = performance.now();
      const { rowsChanged } = await connection.run(sql);
      const elapsed = performance.now() - started;
      if (Number(rowsChanged) !== count) throw new Error(`DuckDB wrote ${rowsChanged} rows instead of ${count}.`);
      return { figure: count / (elapsed / 1000) };
    },
  };
}

/** A CSV file of hires over HTTP into MySQL, beside the fastest reader of CSV that there is, into a file. */
export const loadParquet: Row = {
  name: "load-parquet",
  about: "a CSV file of 1,000,000 hires, beside DuckDB's reader into Parquet",
  async run({ rounds, scale, openStores }) {
    await using tables = await openHiresTables(Math.round(1_000_000 * scale), openStores);
    const { isoFile: file, folder, count } = tables;
    const duck = scale < minScale ? [] : [intoParquet(await openDuckDb(folder), { file, folder, count })];
    await compare("Load into MySQL, beside a reader into Parquet", "rows/s", [...duck, postCsv(tables)], rounds);
  },
};
