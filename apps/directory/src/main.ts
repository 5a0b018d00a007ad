import { openAuth, withIssuer } from "@quintet/auth";
import { createLogger, listenerOf, main, serve, serveMetrics } from "@quintet/http";
import { createApp, createDeps, fillDemo, loadConfig, migrate } from "./index.ts";

await main(async () => {
  const config = loadConfig(process.env);
  const log = createLogger({ service: "directory", level: config.LOG_LEVEL, file: config.LOG_FILE });
  await using _metrics = await serveMetrics(config, log);
  await migrate(config);
  await using issuer = await openAuth(config, log);
  await using deps = createDeps(config, { log, auth: issuer.auth });
  const app = withIssuer(createApp(deps), issuer);
  const options = { port: config.PORT ?? 8083, host: config.HOST, log, drainSeconds: config.DRAIN_SECONDS };
  const listening = await serve(listenerOf(app), options);
  const stopped = listening.untilStopped();
  const filled = config.DEMO_DATA ? fillDemo(deps, (line) => log.info(line)) : Promise.resolve();
  filled.catch((error) => listening.server.listening && log.error({ err: error }, "the demo data could not be made"));
  await stopped;
});
