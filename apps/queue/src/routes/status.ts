import { availableParallelism, freemem, loadavg, totalmem, uptime } from "node:os";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import { htmlContent, jsonResponse, noQuery, type ServiceEnv, wholeNumber } from "@quintet/http";
import { type PageFrame, prefersHtml } from "@quintet/pages";
import type { Context, MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";
import { type Order, orders } from "../pages/overview.ts";
import { sendOverview } from "./view-pages.ts";

const tags = ["queue"];

const bytes = z.number().int();
const appVersion = z.string().describe("Version of the app");
const statusSchema = z
  .object({ status: z.literal("running").openapi({ description: "Always `running`" }), version: appVersion })
  .openapi("QueueStatus", { description: "The status of the app" });
const systemSchema = z
  .object({
    uptimeSeconds: z.number().describe("Time since the machine started, in seconds"),
    processUptimeSeconds: z.number().describe("Time since the process started, in seconds"),
    node: z.string().describe("Version of Node.js"),
    cpus: z.number().int().describe("Number of CPUs available to the process"),
    load: z.array(z.number()).describe("Load averages of the machine over 1, 5 and 15 minutes"),
    memory: z
      .object({
        totalBytes: bytes.describe("Memory of the machine, in bytes"),
        freeBytes: bytes.describe("Free memory of the machine, in bytes"),
        processBytes: bytes.describe("Memory used by the process, in bytes"),
      })
      .describe("Memory of the machine and of the process"),
  })
  .openapi("SystemInfo", { description: "The machine and the process" });
const serverFields = {
  version: z.string().describe("Version of Redis or Valkey"),
  role: z.string().describe("`master` or `slave`"),
  uptimeSeconds: z.number().describe("Time since the server started, in seconds"),
  connectedClients: z.number().int().describe("Number of client connections"),
  replicas: z.number().int().describe("Number of replicas that are connected"),
  keys: z.number().int().describe("Number of keys in the database, also those of other apps"),
  memory: z
    .object({
      usedBytes: bytes.describe("Memory used, in bytes"),
      peakBytes: bytes.describe("Max memory used since the start, in bytes"),
      limitBytes: bytes.nullable().describe("`maxmemory`, in bytes; null without a limit"),
    })
    .describe("Memory of the server"),
  commandsPerSecond: z.number().describe("Commands processed per second"),
  appendOnlyFile: z.boolean().describe("Whether the append-only file is on"),
};
const nodeSchema = z
  .object({ ...serverFields, slots: z.number().int().describe("How many of the 16,384 hash slots it serves") })
  .openapi("RedisNodeInfo", { description: "One master of a Redis cluster" });
const serverSchema = z
  .object({
    ...serverFields,
    mode: z.string().describe("`standalone` or `cluster`; figures of a cluster are sums over its masters"),
    nodes: z.array(nodeSchema).optional().describe("The masters of a cluster that respond"),
  })
  .openapi("RedisInfo", { description: "The Redis server, or the cluster" });
const infoSchema = z
  .object({ version: appVersion, system: systemSchema, redis: serverSchema })
  .openapi("QueueInfo", { description: "Information about the machine and the Redis server" });

const findQuery = z.strictObject({
  name: z.string().max(80).default("").describe("Part of the name, in any case; all queues by default"),
  order: z
    .enum(Object.keys(orders) as [Order, ...Order[]])
    .default("attention")
    .describe(
      "`attention`: dead letters first, then the age of the oldest message; `length`: the most messages first; `name`",
    ),
  page: wholeNumber(1, 100_000).default(1).describe("Number of the page; 1 by default"),
});

/** Adds `GET /queue` and `GET /queue/info`. */
export function addStatusRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { version } = deps.service;
  const forAccounts = guard.account("queue:read").middleware;
  /** The status is open to everyone, the page to accounts. */
  const asPage: MiddlewareHandler = (c, next) =>
    prefersHtml(c.req.header("accept"), false) ? forAccounts(c, next) : next();

  return app
    .openapi(
      createRoute({
        ...guard.open(asPage),
        method: "get",
        path: "/",
        tags,
        summary: "Get the status",
        description:
          "Gets the version of the running app. `/queue/health` checks Redis as well. `Accept: text/html` gets the page of all queues, for " +
          "which an account is required.",
        request: noQuery,
        responses: {
          200: {
            description: "The app is running",
            content: { ...jsonResponse(statusSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        if (!prefersHtml(c.req.header("accept"), false)) return c.json({ status: "running" as const, version }, 200);
        return sendOverview(c as unknown as Context<AccountEnv>, deps, frame, {
          name: "",
          order: "attention",
          page: 1,
        });
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/find",
        tags: ["queue pages"],
        summary: "Page: find queues",
        description: "The page of all queues whose name contains a text, in a chosen order.",
        request: { query: findQuery },
        responses: { 200: { description: "The page", content: htmlContent } },
      }),
      (c) => sendOverview(c, deps, frame, c.req.valid("query")),
    )
    .openapi(
      createRoute({
        ...guard.staff("queue:read"),
        method: "get",
        path: "/info",
        tags,
        summary: "Get server information",
        description: "Staff only. Gets information about the machine, the process and the Redis server.",
        request: noQuery,
        responses: { 200: jsonResponse(infoSchema, "Server information") },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        return c.json({ version, system: systemInfo(), redis: await deps.serverInfo() }, 200);
      },
    );
}

/** Public information about the machine and this process: no names, no paths. */
function systemInfo() {
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    uptimeSeconds: Math.round(uptime()),
    processUptimeSeconds: Math.round(process.uptime()),
    node: process.version,
    cpus: availableParallelism(),
    load: loadavg().map(round),
    memory: { totalBytes: totalmem(), freeBytes: freemem(), processBytes: process.memoryUsage.rss() },
  };
}
