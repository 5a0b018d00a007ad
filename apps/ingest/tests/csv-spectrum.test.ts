import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openIngest, type TestIngest } from "./open-ingest.ts";

// The files of csv-spectrum (github.com/maxogden/csv-spectrum), each with its rows as JSON.
const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("csv-spectrum"));
// The JSON of location_coordinates has another phone number than its CSV.
const names = readdirSync(join(folder, "csvs"))
  .map((file) => file.slice(0, -".csv".length))
  .filter((name) => name !== "location_coordinates");

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());

it.each(names)("%s.csv is loaded as its rows are", async (name) => {
  const rows = JSON.parse(readFileSync(join(folder, "json", `${name}.json`), "utf8")) as Record<string, string>[];
  const [key = "", ...others] = Object.keys(rows[0] ?? {});
  const schema = {
    fields: [
      { name: key, constraints: { maxLength: 255 } },
      ...others.map((column) => ({ name: column, type: "string" })),
    ],
    primaryKey: key,
    missingValues: [],
  };
  const made = await ingest.call("PUT", `/ingest/tables/${name}`, { json: schema });
  expect(made.status, await made.text()).toBe(201);
  const load = await ingest.load(name, readFileSync(join(folder, "csvs", `${name}.csv`)));
  expect(load).toMatchObject({ inserted: rows.length, rejected: 0 });
  const { rows: stored } = (await (await ingest.call("GET", `/ingest/${name}`)).json()) as { rows: object[] };
  const sorted = (all: object[]) => all.map((row) => JSON.stringify(row)).sort();
  expect(sorted(stored)).toEqual(sorted(rows));
});
