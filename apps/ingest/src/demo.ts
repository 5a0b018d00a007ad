import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Problem } from "@quintet/http";
import { demoTables } from "./demo-tables.ts";
import type { Deps } from "./deps.ts";
import { defaultLoadOptions, type Load } from "./loads/load.ts";
import { prepareLoad } from "./loads/load-file.ts";
import { findLoadByKey } from "./loads/load-queries.ts";
import { readRows } from "./store/table-queries.ts";
import type { Table } from "./tables/table.ts";

/**
 * Loads the files in `demo/`, including their invalid rows, as a client would: each with a key, so that a load that was cut off is
 * resumed at the next start and one that is done is not repeated. Does nothing when the tables have other rows, or one of them is no more.
 */
export async function fillDemo(deps: Deps, progress: (line: string) => void): Promise<void> {
  const { db, heartbeatTimeoutMs } = deps.loads;
  const tables: Table[] = [];
  for (const { name, columns } of demoTables) {
    const table = await deps.tables.find(name);
    if (table && isDeepStrictEqual(table.columns, columns)) tables.push(table);
  }
  const [first] = tables;
  if (!first || tables.length < demoTables.length) return;
  if (!(await findLoadByKey(db, demoKey(first), heartbeatTimeoutMs)) && (await hasRows(deps, tables))) return;
  for (const table of tables) {
    const kept = await findLoadByKey(db, demoKey(table), heartbeatTimeoutMs);
    if (kept?.load.status === "done") continue;
    const load = await loadDemo(deps, table);
    progress(`ingest: ${load.inserted} ${table.name} loaded, ${load.rejected} invalid rows rejected`);
  }
}

function demoKey(table: Table): string {
  return createHash("sha256").update(`demo ${table.name}`).digest("base64url");
}

async function hasRows(deps: Deps, tables: readonly Table[]): Promise<boolean> {
  for (const table of tables) {
    if ((await readRows(deps.mysql, table, { limit: 1 })).length > 0) return true;
  }
  return false;
}

/** Loads one file; while another process is loading it, waits until that process finishes or is considered dead. */
async function loadDemo(deps: Deps, table: Table): Promise<Load> {
  const path = fileURLToPath(new URL(`../demo/${table.name}.csv`, import.meta.url));
  const options = { table: table.name, ...defaultLoadOptions };
  const requester = { accountId: 0, username: "demo", key: demoKey(table) };
  for (;;) {
    const file = createReadStream(path);
    try {
      const prepared = await prepareLoad(deps.loads, table, options, requester, file[Symbol.asyncIterator]());
      return await prepared.run();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "conflict") throw error;
      await delay(500);
    } finally {
      file.destroy();
    }
  }
}
