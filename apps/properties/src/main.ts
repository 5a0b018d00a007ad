import { openAuth, withIssuer } from "@quintet/auth";
import { createLogger, listenerOf, main, serve, serveMetrics } from "@quintet/http";
import { createApp, createDeps, fillDemo, loadConfig, migrate } from "./index.ts";

await main(async () => {
  const config = loadConfig(process.env);
  const log = createLogger({ service: "properties", level: config.LOG_LEVEL, file: config.LOG_FILE });
  await using _metrics = await serveMetrics(config, log);
  await migrate(config);
  await using issuer = await openAuth(config, log);
  await using deps = createDeps(config, { log, auth: issuer.auth });
  if (config.DEMO_DATA) await fillDemo(deps, (line) => log.info(line));
  const app = withIssuer(createApp(deps), issuer);
  const listening = await serve(listenerOf(app), {
    port: config.PORT ?? 8081,
    host: config.HOST,
    log,
    drainSeconds: config.DRAIN_SECONDS,
  });
  await listening.untilStopped();
});
