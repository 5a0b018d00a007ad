import { fileURLToPath } from "node:url";
import { migrateMysql, type StoreUrls } from "@quintet/db";
import { StartRefused } from "@quintet/http";
import { buildFew } from "./listings/build.ts";
import { openDatabaseAlone } from "./open-database.ts";
import { readFindings } from "./source/findings.ts";
import { createTriggers } from "./source/triggers.ts";

const folder = fileURLToPath(new URL("../migrations", import.meta.url));

/** Adds the tables of the app to a database, which may have properties already, and makes their listings unless there are very many. */
export async function migrate({ MYSQL_URL: url }: StoreUrls): Promise<void> {
  if (url === undefined) throw new Error("MYSQL_URL is missing.");
  await using db = openDatabaseAlone(url);
  const faults = (await readFindings(db.pool, db.statements)).filter(({ kind }) => kind === "refused");
  if (faults.length > 0) {
    throw new StartRefused(`properties cannot use this MySQL database. ${faults.map(({ text }) => text).join(" ")}`);
  }
  await migrateMysql(url, "properties", folder);
  // Before the listings are made, so that no change is missed. Without triggers changes are found by looking for them.
  await createTriggers(db.pool, db.statements);
  await buildFew(db);
}
