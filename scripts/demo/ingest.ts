import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { must, type Visitor } from "./visitor.ts";

/** In the order of their references. */
const tables = ["departments", "jobs", "hired_employees"] as const;
const files = join(import.meta.dirname, "../../apps/ingest/demo");

interface Load {
  inserted: number;
  rejected: number;
  rejectsUrl: string;
}

/**
 * Backs up the tables, loads the demo files, reads the rejected rows and the reports, and restores the tables. Anything written to them
 * meanwhile is lost.
 */
export async function ingest(_anyone: Visitor, admin: Visitor): Promise<void> {
  const backups = new Map<string, string>();
  for (const table of tables) {
    const backup = await admin.call("POST", `/ingest/${table}/backups`, { expect: [201] });
    backups.set(table, backup.json<{ name: string }>().name);
  }
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    // Emptied first, so that no hire refers to a department or job that is not in the backup.
    await admin.call("DELETE", "/ingest/hired_employees", { expect: [204] });
    for (const table of tables) {
      await admin.call("POST", `/ingest/${table}/restore`, { json: { name: backups.get(table) } });
    }
  });

  for (const table of tables) {
    const csv = await readFile(join(files, `${table}.csv`), "utf8");
    const load = (await admin.call("POST", `/ingest/${table}/csv?mode=upsert`, { csv })).json<Load>();
    if (load.rejected > 0) await admin.call("GET", load.rejectsUrl);
    if (table === "hired_employees") must(load.rejected > 0, "the invalid rows in the demo file are found");
  }
  // An HTML error page, sent by mistake, does not empty a table.
  await admin.call("POST", "/ingest/hired_employees/csv?mode=replace", { csv: "<html>502</html>\n", expect: [422] });
  await admin.call("GET", "/ingest/reports/hired-by-quarter?year=2021");
  await admin.call("GET", "/ingest/reports/departments-above-mean?year=2021");
  await admin.call("GET", "/ingest/hired_employees?limit=2");
  await admin.call("GET", "/ingest/backups");
}
