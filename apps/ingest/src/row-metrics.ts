import { counter, gauge } from "@quintet/http";
import type { TableName } from "./tables.ts";

const rows = counter("quintet_ingest_rows_total", "Rows that came, by what became of them; dry runs do not count.", [
  "table",
  "outcome",
]);

/** Counts rows whose transaction is committed. */
export function countRows(table: TableName, stored: number, rejected: number): void {
  rows.inc({ table, outcome: "accepted" }, stored);
  rows.inc({ table, outcome: "rejected" }, rejected);
}

/** The loads that run in this process. */
export const loadsRunning = gauge("quintet_ingest_loads_running", "Loads of files that are under way.");
