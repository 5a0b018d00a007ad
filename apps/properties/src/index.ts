import { defineApp } from "@quintet/host";
import { createApp } from "./app.ts";
import { propertiesSettings } from "./config.ts";
import { fillDemo } from "./demo/fill-demo.ts";
import { createDeps } from "./deps.ts";
import { migrate } from "./migrate.ts";

export type { PropertiesApi } from "./app.ts";
export type { Deps } from "./deps.ts";

/** The real-estate listings below `/properties`. */
export const properties = defineApp({
  name: "properties",
  port: 8081,
  stores: ["mysql", "redis"],
  settings: propertiesSettings,
  migrations: migrate,
  createDeps,
  createApp,
  fillDemo,
});
