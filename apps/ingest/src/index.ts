import { defineApp } from "@quintet/host";
import { createApp } from "./app.ts";
import { ingestSettings } from "./config.ts";
import { fillDemo } from "./demo.ts";
import { createDeps } from "./deps.ts";
import { migrate } from "./migrate.ts";

export type { IngestApi } from "./app.ts";
export type { Deps } from "./deps.ts";

/** CSV files into MySQL tables, below `/ingest`. */
export const ingest = defineApp({
  name: "ingest",
  port: 8082,
  stores: ["mysql", "redis"],
  settings: ingestSettings,
  migrations: migrate,
  createDeps,
  createApp,
  fillDemo,
});
