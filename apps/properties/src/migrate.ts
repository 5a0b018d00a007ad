import { fileURLToPath } from "node:url";
import { migrateMysql } from "@quintet/db";
import type { Config } from "./config.ts";

/** Brings the tables of the listings up to date; safe to run from several processes at once. */
export function migrate(config: Config): Promise<void> {
  return migrateMysql(config.MYSQL_URL, "properties", fileURLToPath(new URL("../migrations", import.meta.url)));
}
