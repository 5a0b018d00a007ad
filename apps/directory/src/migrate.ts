import { fileURLToPath } from "node:url";
import { migratePostgres } from "@quintet/db";
import type { Config } from "./config.ts";

/** Brings the schema `directory` up to date. */
export function migrate(config: Pick<Config, "POSTGRES_URL">): Promise<void> {
  return migratePostgres(config.POSTGRES_URL, "directory", fileURLToPath(new URL("../migrations", import.meta.url)));
}
