import { once } from "node:events";
import { createReadStream, createWriteStream, mkdtempSync, openAsBlob } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { startApp } from "../app-process.ts";
import { compare, type Row } from "../row.ts";

/** The types of the columns, four times over, with a value of each in MySQL's own form and as files have it. */
const kinds: { type: object; value(row: number): [plain: string, file?: string] }[] = [
  { type: { type: "integer" }, value: (row) => [String(row * 7919 - 1_000_000)] },
  { type: { type: "number", precision: 12, scale: 2 }, value: (row) => [`${row % 99_991}.${10 + (row % 90)}`] },
  {
    type: { type: "string", constraints: { maxLength: 60 } },
    value: (row) => [`Calle ${row % 977}, Bogotá`.replace(",", "")],
  },
  { type: { type: "boolean" }, value: (row) => (row % 3 === 0 ? ["1", "true"] : ["0", "false"]) },
  { type: { type: "date" }, value: (row) => [moment(row).slice(0, 10)] },
  {
    type: { type: "datetime", precision: 3 },
    value: (row) => [moment(row).slice(0, 23).replace("T", " "), moment(row)],
  },
  { type: { type: "uuid" }, value: (row) => [`0b0e6d00-0000-4000-8000-${String(row % 1e12).padStart(12, "0")}`] },
];
const moment = (row: number) =>
  new Date(Date.UTC(2021, 0, 1) + ((row * 7919) % 63_072_000) * 1000 + (row % 1000)).toISOString();
const columns = 29;
const kindOf = (column: number) => kinds[column % kinds.length] as (typeof kinds)[number];

async function writeRows(path: string, count: number, plain: boolean): Promise<void> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  for (let id = 1; id <= count; id++) {
    const values = Array.from({ length: columns }, (_, column) => {
      const [stored, file = stored] = kindOf(column).value(id + column);
      return plain ? stored : file;
    });
    if (!out.write(`${id},${values.join(",")}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

/** A CSV file of 30 columns of all types over HTTP, compared with a bare `LOAD DATA LOCAL INFILE` into the same table. */
export const loadWide: Row = {
  name: "load-wide",
  about: "a CSV file of 200,000 rows with 30 columns of all types",
  async run({ rounds, scale, openStores }) {
    const count = Math.round(200_000 * scale);
    await using app = await startApp("ingest", ["mysql", "redis"], { openStores });
    const folder = mkdtempSync(join(tmpdir(), "quintet-wide-"));
    const [file, plainFile] = [join(folder, "file.csv"), join(folder, "plain.csv")];
    await writeRows(file, count, false);
    await writeRows(plainFile, count, true);
    console.log(`  ${count} rows, ${Math.round((await stat(file)).size / 1e6)} MB`);
    const headers = { Authorization: app.authorization };
    const fields = Array.from({ length: columns }, (_, column) => ({ name: `c${column}`, ...kindOf(column).type }));
    const made = await fetch(`${app.url}/ingest/tables/wide`, {
      method: "PUT",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ fields: [{ name: "id", type: "integer" }, ...fields], primaryKey: "id" }),
    });
    if (made.status !== 201) throw new Error(await made.text());
    const admin = await createConnection(app.mysqlUrl);
    await admin.query("CREATE TABLE bare LIKE wide");
    const expectCount = async (table: string) => {
      const [rows] = await admin.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
      if (Number(rows[0]?.n) !== count) throw new Error(`${table} has ${rows[0]?.n} rows instead of ${count}.`);
    };
    const variants = [
      {
        name: "LOAD DATA LOCAL INFILE",
        async measure() {
          await admin.query("DELETE FROM bare");
          const started = performance.now();
          await admin.query({
            sql: "LOAD DATA LOCAL INFILE 'wide' INTO TABLE bare FIELDS TERMINATED BY ','",
            infileStreamFactory: () => createReadStream(plainFile, { highWaterMark: 1 << 18 }),
          });
          const elapsed = performance.now() - started;
          await expectCount("bare");
          return { figure: count / (elapsed / 1000) };
        },
      },
      {
        name: "POST /ingest/…/csv",
        async measure() {
          await fetch(`${app.url}/ingest/wide`, { method: "DELETE", headers });
          const body = await openAsBlob(file, { type: "text/csv" });
          const before = app.server.cpu();
          const started = performance.now();
          const response = await fetch(`${app.url}/ingest/wide/csv`, { method: "POST", headers, body });
          const elapsed = performance.now() - started;
          const cpuPerUnit = (app.server.cpu() - before) / count;
          const loaded = (await response.json()) as { inserted: number };
          if (loaded.inserted !== count) throw new Error(`Not all rows were loaded: ${JSON.stringify(loaded)}`);
          await expectCount("wide");
          return { figure: count / (elapsed / 1000), cpuPerUnit };
        },
      },
    ];
    try {
      await compare("Load of 30 columns of all types", "rows/s", variants, rounds);
    } finally {
      await admin.query("DROP TABLE bare");
      await admin.end();
      await rm(folder, { recursive: true });
    }
  },
};
