import { expect, it } from "vitest";
import { fillDemo } from "../src/demo.ts";
import type { Load } from "../src/loads/load.ts";
import { openIngest } from "./open-ingest.ts";

it("the demo files are loaded once, with their invalid rows", async () => {
  await using ingest = await openIngest();
  const lines: string[] = [];
  await fillDemo(ingest.deps, (line) => lines.push(line));
  expect(lines).toHaveLength(3);
  await Promise.all([1, 2].map(() => fillDemo(ingest.deps, (line) => lines.push(line))));
  expect(lines).toHaveLength(3);
  const { loads } = (await (await ingest.call("GET", "/ingest/loads")).json()) as { loads: Load[] };
  expect(loads.map(({ table, received, inserted, rejected }) => ({ table, received, inserted, rejected }))).toEqual([
    { table: "hired_employees", received: 600, inserted: expect.any(Number), rejected: expect.any(Number) },
    { table: "jobs", received: 49, inserted: 46, rejected: 3 },
    { table: "departments", received: 15, inserted: 12, rejected: 3 },
  ]);
  const rejects = await (await ingest.call("GET", loads[0]!.rejectsUrl)).text();
  for (const reason of [
    "is required",
    "does not exist in departments",
    "must be a whole number",
    "duplicate id",
    "is a date or time that does not exist",
    "must be a date and time like",
    "columns, not 5",
    "has a quote that is not closed",
    "has text after a closing quote",
    "is not valid UTF-8",
  ]) {
    expect(rejects).toContain(reason);
  }
});

it("the demo does not change tables that have other rows", async () => {
  await using ingest = await openIngest();
  await ingest.load("jobs", "1,Mine\n");
  await fillDemo(ingest.deps, () => {});
  expect(await ingest.rows("SELECT * FROM jobs")).toEqual([{ id: 1, job: "Mine" }]);
  expect(await ingest.rows("SELECT * FROM departments")).toEqual([]);
});
