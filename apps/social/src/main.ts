import { openAuth, withIssuer } from "@quintet/auth";
import { createLogger, listenerOf, main, serve, serveMetrics } from "@quintet/http";
import { createApp } from "./app.ts";
import { loadConfig } from "./config.ts";
import { fillDemo } from "./demo.ts";
import { createDeps } from "./deps.ts";
import { migrate } from "./migrate.ts";

await main(async () => {
  const config = loadConfig(process.env);
  const log = createLogger({ service: "social", level: config.LOG_LEVEL, file: config.LOG_FILE });
  await using _metrics = await serveMetrics(config, log);
  await migrate(config);
  await using issuer = await openAuth(config, log);
  await using deps = createDeps(config, { log, auth: issuer.auth });
  const app = withIssuer(createApp(deps), issuer);
  const address = { port: config.PORT ?? 8085, host: config.HOST };
  const listening = await serve(listenerOf(app), { ...address, log, drainSeconds: config.DRAIN_SECONDS });
  // The issuer may be behind the gateway, which may start after this.
  if (config.DEMO_DATA) {
    fillDemo(deps, (line) => log.info(line)).catch((error) => log.error({ err: error }, "no demo data"));
  }
  await listening.untilStopped();
});
