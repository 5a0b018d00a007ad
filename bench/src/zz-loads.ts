import { readFileSync, readdirSync } from "node:fs";
import { openRowStores } from "./stores.ts";
import { openHiresTables, loadData, postCsv } from "./hires-tables.ts";
const tables = await openHiresTables(Number(process.argv[2] ?? 200000), openRowStores);
const [pids] = await tables.admin.query("SELECT @@pid_file AS p") as any;
const pid = Number(readFileSync(pids[0].p, "utf8"));
const ticks = () => { const f = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" "); return (Number(f[11]) + Number(f[12])) * 10_000; };
const { app, own, count } = tables;
const call = async (method: string, path: string) => { const r = await fetch(`${app.url}/ingest/${path}`, { method, headers: { Authorization: app.authorization } }); if (!r.ok) throw new Error(await r.text()); return r.status === 204 ? undefined : r.json(); };
await postCsv(tables).measure();
await call("POST", "hired_employees/backups");
const sess = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', SESSION foreign_key_checks = 0, SESSION unique_checks = 1, SESSION max_error_count = 65535";
import { createReadStream } from "node:fs";
const variants: Record<string, () => Promise<unknown>> = {
  "load data": () => loadData(tables).measure(),
  restore: async () => call("POST", "hired_employees/restore"),
  csv: async () => { const body = await (await import("node:fs")).openAsBlob(tables.isoFile, { type: "text/csv" }); await (await fetch(`${app.url}/ingest/hired_employees/csv`, { method: "POST", headers: { Authorization: app.authorization }, body })).text(); },
};
import { createConnection } from "mysql2";
variants.read = () => new Promise<void>((resolve, reject) => { const c = createConnection({ uri: app.mysqlUrl, dateStrings: true }); const q = c.query({ sql: "SELECT id, name, datetime, department_id, job_id FROM hired_employees ORDER BY id", rowsAsArray: true }); q.on("result", () => {}); q.on("error", reject); q.on("end", () => { c.end(); resolve(); }); });
variants.backup = () => call("POST", "hired_employees/backups");
const keep = process.argv[3] === "read" || process.argv[3] === "backup";
const want = process.argv.slice(3);
for (let round = 0; round < 5; round++) for (const name of want.length ? want : Object.keys(variants)) {
  if (!keep) await tables.admin.query(`DELETE FROM ${own}.hired_employees`);
  await tables.admin.query(`DELETE FROM ${tables.bare}.hired_employees`);
  await new Promise((r) => setTimeout(r, 2500));
  const [a, c, t] = [ticks(), app.server.cpu(), performance.now()];
  await variants[name]!();
  const [b, d, u] = [ticks(), app.server.cpu(), performance.now()];
  console.log(name.padEnd(12), "server", ((b - a) / count).toFixed(2), "app", ((d - c) / count).toFixed(2), "wall", (((u - t) * 1000) / count).toFixed(2), "µs/row");
}
await tables[Symbol.asyncDispose]();
