import type { IssuerConfig } from "@quintet/accounts";
import type { Auth } from "@quintet/auth";
import { requireStores } from "@quintet/db";
import {
  createLogger,
  type Logger,
  listenerOf,
  type ObservationConfig,
  openObservation,
  serve,
  serveMetrics,
  type WebApp,
} from "@quintet/http";
import type { Start } from "@quintet/workers";
import { openAuth } from "./open-auth.ts";
import { withRootPaths } from "./root-paths.ts";
import { withIssuer } from "./with-issuer.ts";

/** What an app works with besides its own. `stopping` aborts when a stop was asked for, before requests are drained. */
interface Shared {
  log: Logger;
  auth: Auth;
  stopping: AbortSignal;
}

/** The settings that running an app needs. */
interface AppConfig extends IssuerConfig, ObservationConfig {
  PORT?: number | undefined;
  HOST: string;
  LOG_LEVEL: string;
  LOG_FILE?: string | undefined;
  DRAIN_SECONDS: number;
  METRICS_PORT?: number | undefined;
  METRICS_HOST: string;
  DEMO_DATA: boolean;
}

/** What every app's index exports. */
interface AppModule<C extends AppConfig, D extends AsyncDisposable> {
  loadConfig(env: NodeJS.ProcessEnv): C;
  migrate(config: NoInfer<C>): Promise<void>;
  createDeps(config: NoInfer<C>, shared: Shared): D;
  createApp(deps: NoInfer<D>): WebApp;
  fillDemo(deps: NoInfer<D>, progress: (line: string) => void): Promise<void>;
}

/** How an app starts as a process of its own, on `port` unless `PORT` is set; without `AUTH_URL` it is its own issuer. */
export function startApp<C extends AppConfig, D extends AsyncDisposable>(
  name: string,
  port: number,
  module: AppModule<C, D>,
): Start {
  return async ({ env, first, fresh, socket, peers }) => {
    const config = module.loadConfig(env);
    if (fresh) await requireStores(config);
    const { HOST: host, DRAIN_SECONDS: drainSeconds, CORS_ORIGINS: corsOrigins } = config;
    const log = createLogger({ service: name, level: config.LOG_LEVEL, file: config.LOG_FILE });
    const stopping = new AbortController();
    await using opening = new AsyncDisposableStack();
    opening.use(await openObservation(config, log));
    opening.use(await serveMetrics(config, log, { socket, peers }));
    if (first) await module.migrate(config);
    const issuer = opening.use(await openAuth(config, log, first));
    const deps = opening.use(module.createDeps(config, { log, auth: issuer.auth, stopping: stopping.signal }));
    const app = withRootPaths(withIssuer(module.createApp(deps), issuer), `/${name}`);
    const at = { port: config.PORT ?? port, host, drainSeconds, socket };
    const listening = await serve(listenerOf(app), { ...at, log, corsOrigins });
    // The issuer may be behind the gateway, which may start after this.
    const filled = first && config.DEMO_DATA ? module.fillDemo(deps, (line) => log.info(line)) : Promise.resolve();
    const demo = filled.catch((error: unknown) => {
      // A fill that a stop cut off begins again at the next start.
      if (!stopping.signal.aborted) log.error({ err: error }, "demo data could not be made");
    });
    const opened = opening.move();
    return {
      url: `http://localhost:${listening.port}`,
      log,
      async close() {
        stopping.abort();
        await listening.close();
        await opened.disposeAsync();
        await demo;
      },
    };
  };
}
