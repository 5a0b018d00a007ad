import { defineApp } from "@quintet/host";
import { createApp } from "./app.ts";
import { queueSettings } from "./config.ts";
import { fillDemo } from "./demo.ts";
import { createDeps } from "./deps.ts";

export type { QueueApi } from "./app.ts";
export type { Deps } from "./deps.ts";

/** The message queue below `/queue`. */
export const queue = defineApp({
  name: "queue",
  port: 8084,
  stores: ["redis"],
  settings: queueSettings,
  pipelinesRedis: true,
  createDeps,
  createApp,
  start(deps) {
    deps.sweep.start();
    deps.leader.start();
  },
  fillDemo,
});
