import { counter, gauge } from "@quintet/http";

const rows = counter("quintet_ingest_rows_total", "Received rows by outcome, without dry runs.", ["table", "outcome"]);

/** Counts rows of a committed transaction. */
export function countRows(table: string, stored: number, rejected: number): void {
  rows.inc({ table, outcome: "accepted" }, stored);
  rows.inc({ table, outcome: "rejected" }, rejected);
}

/** The number of loads running in this process. */
export const loadsRunning = gauge("quintet_ingest_loads_running", "Loads in flight.");
