import type { Auth } from "@quintet/auth";
import type { Redis } from "@quintet/db";
import { createLogger } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { expect, it } from "vitest";
import { defineApp } from "./define-app.ts";

const shared = { log: createLogger({ service: "failing", level: "silent" }), auth: {} as Auth };
const env = { QUINTET_SECRET: "0".repeat(64), REDIS_URL: "redis://127.0.0.1:1", AUTH_URL: "http://issuer.test" };

it("closes the connections of an app that cannot be opened", async () => {
  const opened: Redis[] = [];
  const failing = (at: "createDeps" | "createApp") => {
    const failAt = (place: string) => {
      if (place === at) throw new Error(`${at} failed`);
    };
    return defineApp({
      name: "failing",
      port: 1,
      stores: ["redis"],
      createDeps(_, { redis }) {
        opened.push(redis);
        failAt("createDeps");
        return {};
      },
      createApp() {
        failAt("createApp");
        return { fetch: () => new Response() } as never;
      },
    });
  };
  for (const at of ["createDeps", "createApp"] as const) {
    await expect(failing(at).configure(env).open(shared, false)).rejects.toThrow(`${at} failed`);
  }
  expect(opened).toHaveLength(2);
  await until(() => opened.every(({ status }) => status === "end"));
});

it("starts what an app does without requests when it is opened, not when its dependencies are created", async () => {
  let started = 0;
  const app = defineApp({
    name: "starting",
    port: 1,
    stores: ["redis"],
    createApp: () => ({ fetch: () => new Response() }) as never,
    start: () => void started++,
  });
  await app.createDeps(app.loadConfig(env), shared)[Symbol.asyncDispose]();
  expect(started).toBe(0);
  await using _opened = await app.configure(env).open(shared, false);
  expect(started).toBe(1);
});
