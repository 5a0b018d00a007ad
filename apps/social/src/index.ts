import { defineApp } from "@quintet/host";
import { createApp } from "./app.ts";
import { socialSettings } from "./config.ts";
import { fillDemo } from "./demo/demo.ts";
import { createDeps } from "./deps.ts";
import { migrate } from "./migrate.ts";

export type { SocialApi } from "./app.ts";
export type { Deps } from "./deps.ts";

/** Users, posts and votes below `/social`. */
export const social = defineApp({
  name: "social",
  port: 8085,
  stores: ["postgres", "redis"],
  settings: socialSettings,
  migrations: migrate,
  createDeps,
  createApp,
  fillDemo,
});
