// The small app, alone or behind a gateway or proxy: `edge.ts MODE [UPSTREAM]`.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { mountedUpstream, remoteUpstream, route } from "@quintet/gateway";
import { createLogger, listenerOf, rejectAmbiguous, withBodyReclaim } from "@quintet/http";
import { Hono } from "hono";
import { proxy } from "hono/proxy";
import { smallApp } from "./small-app.ts";

const [mode, upstream = ""] = process.argv.slice(2);
const log = createLogger({ service: "bench", level: "silent" });
const fallback = listenerOf(new Hono());

const listeners: Record<string, () => RequestListener> = {
  direct: () => listenerOf(smallApp()),
  mounted: () => rejectAmbiguous(withBodyReclaim(route([mountedUpstream("queue", "/queue", smallApp())], fallback))),
  remote: () =>
    rejectAmbiguous(withBodyReclaim(route([remoteUpstream("queue", "/queue", [upstream], { log })], fallback))),
  "hono-proxy": () =>
    listenerOf(new Hono().all("*", (c) => proxy(upstream + c.req.path, { ...c.req, raw: c.req.raw }))),
};

const listener = listeners[mode ?? ""];
if (!listener) throw new Error(`MODE must be one of ${Object.keys(listeners).join(", ")}`);
const server = createServer(listener());
server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as AddressInfo).port}`));
process.once("SIGTERM", () => process.exit(0));
