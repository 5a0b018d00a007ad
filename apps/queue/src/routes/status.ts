import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { systemInfo } from "../system-info.ts";

const tags = ["queue"];

const bytes = z.number().int();
const systemSchema = z.object({
  uptimeSeconds: z.number(),
  processUptimeSeconds: z.number(),
  node: z.string(),
  cpus: z.number().int(),
  load: z.array(z.number()).openapi({ description: "Over 1, 5 and 15 minutes" }),
  memory: z.object({ totalBytes: bytes, freeBytes: bytes, processBytes: bytes }),
});
const serverSchema = z.object({
  version: z.string(),
  mode: z.string(),
  role: z.string(),
  uptimeSeconds: z.number(),
  connectedClients: z.number().int(),
  keys: z.number().int(),
  memory: z.object({ usedBytes: bytes, peakBytes: bytes, limitBytes: bytes.nullable() }),
  commandsPerSecond: z.number(),
  appendOnlyFile: z.boolean(),
});

/** `GET /queue` and `GET /queue/info`. */
export function addStatusRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { version } = deps.service;

  return app
    .openapi(
      createRoute({
        ...guard.open(),
        method: "get",
        path: "/",
        tags,
        summary: "That it runs, and its version",
        request: noQuery,
        responses: { 200: jsonResponse(z.object({ status: z.literal("running"), version: z.string() }), "It runs") },
      }),
      (c) => c.json({ status: "running" as const, version }, 200),
    )
    .openapi(
      createRoute({
        ...guard.staff("queue:read"),
        method: "get",
        path: "/info",
        tags,
        summary: "The machine and the Redis server behind it",
        request: noQuery,
        responses: {
          200: jsonResponse(
            z.object({ version: z.string(), system: systemSchema, redis: serverSchema }).openapi("QueueInfo"),
            "What they say of themselves",
          ),
        },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        return c.json({ version, system: systemInfo(), redis: await deps.serverInfo() }, 200);
      },
    );
}
