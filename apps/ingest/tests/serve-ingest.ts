import { once } from "node:events";
import { accounts } from "@quintet/accounts";
import { openAuth, withIssuer } from "@quintet/host";
import { createLogger, listenerOf, serve } from "@quintet/http";
import { createApp } from "../src/app.ts";
import { ingest as definition } from "../src/index.ts";

// The app as a process of its own, for tests that kill it. LOADING overrides how loads run; the port is printed.
const config = definition.loadConfig(process.env);
const log = createLogger({ service: "ingest", level: "silent" });
await definition.migrate(config);
await using issuer = await openAuth(process.env, accounts, log);
await using deps = definition.createDeps(config, { log, auth: issuer.auth });
Object.assign(deps.loads, JSON.parse(process.env.LOADING ?? "{}"));
const app = withIssuer(createApp(deps), issuer);
const listening = await serve(listenerOf(app), { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
console.log(listening.port);
await once(process, "SIGTERM");
await listening.close();
