import { openAuth, withIssuer } from "@quintet/auth";
import { createLogger, listenerOf, main, serve, serveMetrics, stopSignal } from "@quintet/http";
import { createApp } from "./app.ts";
import { loadConfig } from "./config.ts";
import { fillDemo } from "./demo.ts";
import { createDeps } from "./deps.ts";
import { migrate } from "./migrate.ts";

await main(async () => {
  const config = loadConfig(process.env);
  const log = createLogger({ service: "queue", level: config.LOG_LEVEL, file: config.LOG_FILE });
  await using _metrics = await serveMetrics(config, log);
  await migrate(config);
  await using issuer = await openAuth(config, log);
  await using deps = createDeps(config, { log, auth: issuer.auth });
  if (config.DEMO_DATA) await fillDemo(deps, (line) => log.info(line));
  const app = withIssuer(createApp(deps), issuer);
  const address = { port: config.PORT ?? 8084, host: config.HOST };
  const listening = await serve(listenerOf(app), { ...address, log, drainSeconds: config.DRAIN_SECONDS });
  void stopSignal().then(deps.room.close); // Nobody who waits holds up the end.
  await listening.untilStopped();
});
