// A small route, open and guarded, with its own issuer of tokens. The settings are those of every app.
import type { AddressInfo } from "node:net";
import { createRoute, z } from "@hono/zod-openapi";
import { accounts } from "@quintet/accounts";
import { guards } from "@quintet/auth";
import { openAuth, withIssuer } from "@quintet/host";
import { createLogger, createService, jsonResponse, listenerOf, readEnv, serve, settings } from "@quintet/http";

const { LOG_FILE: file } = readEnv(z.object(settings.listen), process.env);
const log = createLogger({ service: "guarded", level: "info", file });
const issuer = await openAuth(process.env, accounts, log);
const guard = guards(issuer.auth);
const app = createService({ title: "Guarded", version: "1", prefix: "/small", log, corsOrigins: [], checks: {} });
const responses = { 200: jsonResponse(z.object({ status: z.string(), message: z.string() }), "Hello") };
const response = { status: "running", message: "hello" };
app.openapi(createRoute({ ...guard.open(), method: "get", path: "/open", responses }), (c) => c.json(response, 200));
app.openapi(createRoute({ ...guard.account("account:read"), method: "get", path: "/guarded", responses }), (c) =>
  c.json(response, 200),
);
const { server } = await serve(listenerOf(withIssuer(app, issuer)), {
  port: 0,
  host: "127.0.0.1",
  log,
  drainSeconds: 0,
});
console.log(`listening ${(server.address() as AddressInfo).port}`);
process.once("SIGTERM", () => process.exit(0));
