import { fileURLToPath } from "node:url";
import { migrateMysql, type StoreUrls } from "@quintet/db";
import { StartRefused } from "@quintet/http";
import { buildFew } from "./listings/build.ts";
import { openDatabaseAlone } from "./open-database.ts";
import { readFindings } from "./source/findings.ts";
import { createTriggers } from "./source/triggers.ts";

const folder = fileURLToPath(new URL("../migrations", import.meta.url));

/** Errors of MySQL and MariaDB that mean that the user lacks a right: to the database, a table, a column, or in general. */
const denied = new Set([1044, 1142, 1143, 1227]);
const rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP and REFERENCES";

/**
 * Adds the tables of the app to a database, which may have properties already, and makes their listings unless there are very many. Throws
 * `StartRefused` with the reason when the database, or the rights of its user, do not allow that.
 */
export async function migrate({ MYSQL_URL: url }: StoreUrls): Promise<void> {
  if (url === undefined) throw new Error("MYSQL_URL is missing.");
  try {
    await addTables(url);
  } catch (error) {
    if (!(error instanceof Error && "errno" in error && denied.has(Number(error.errno)))) throw error;
    const needs = `The user of MYSQL_URL needs ${rights}, and TRIGGER to note what other programs write`;
    throw new StartRefused(`properties cannot use this MySQL database. ${needs}. The server says: ${error.message}`);
  }
}

async function addTables(url: string): Promise<void> {
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
