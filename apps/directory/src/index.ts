import { defineApp } from "@quintet/host";
import { createApp } from "./app.ts";
import { directorySettings } from "./config.ts";
import { fillDemo } from "./demo.ts";
import { createDeps } from "./deps.ts";

export type { DirectoryApi } from "./app.ts";
export type { Deps } from "./deps.ts";

/** The user directory below `/directory`: an API and its pages. */
export const directory = defineApp({
  name: "directory",
  port: 8083,
  stores: ["postgres", "redis", "cache"],
  settings: directorySettings,
  migrations: { postgres: new URL("../migrations", import.meta.url) },
  pipelinesRedis: true,
  createDeps,
  createApp,
  fillDemo,
});
