import { fileURLToPath } from "node:url";
import { migrateMysql } from "@quintet/db";
import type { Config } from "./config.ts";

/** Brings the tables of this app up to date. */
export function migrate(config: Pick<Config, "MYSQL_URL">): Promise<void> {
  return migrateMysql(config.MYSQL_URL, "ingest", fileURLToPath(new URL("../migrations", import.meta.url)));
}
