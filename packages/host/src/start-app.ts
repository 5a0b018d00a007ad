import { requireStores, type StoreUrls } from "@quintet/db";
import {
  type AppLink,
  createLogger,
  type Logger,
  listenerOf,
  openObservation,
  readEnv,
  serve,
  serveMetrics,
  settings,
  type WebApp,
} from "@quintet/http";
import { allApps, onlyApp, unroutedProblemPage } from "@quintet/pages";
import type { Start } from "@quintet/workers";
import { z } from "zod";
import { withAllFaults } from "./all-faults.ts";
import type { AnyApp } from "./define-app.ts";
import type { Issuer } from "./issuer.ts";
import { configureAuth } from "./open-auth.ts";
import { withRootPaths } from "./root-paths.ts";
import { withIssuer } from "./with-issuer.ts";

/**
 * How an app starts as a process of its own, on its own port unless `PORT` is set. Without `AUTH_URL` it is its own issuer,
 * which `loadIssuer` then loads.
 */
export function startApp(app: AnyApp, loadIssuer: () => Promise<Issuer>): Start {
  const { name, port } = app;
  return startProgram({ name, port, prefix: `/${name}` }, async (env) => {
    const [own, accounts] = await withAllFaults(
      () => app.configure(env),
      () => configureAuth(env, loadIssuer),
    );
    return {
      config: own.config,
      stores: { ...accounts.config, ...own.config },
      // With an issuer elsewhere the app is one of several behind a gateway, whose pages lead to each other.
      apps: own.config.AUTH_URL === undefined ? onlyApp(name) : allApps,
      async open({ log, stopping, first, opened }) {
        const auth = opened.use(await accounts.open(log, first));
        const running = opened.use(await own.open({ log, auth: auth.auth, stopping }, first));
        return { app: withIssuer(running.app, auth), ...(own.config.DEMO_DATA && { fillDemo: running.fillDemo }) };
      },
    };
  });
}

/** How the issuer starts as a process of its own, for a gateway that has its address in `ACCOUNTS_URL`. */
export function startIssuer(issuer: Issuer): Start {
  const { name, port } = issuer;
  return startProgram({ name, port, prefix: "/auth" }, async (env) => {
    const [config, accounts] = await withAllFaults(
      () => readEnv(z.object(settings.listen), env),
      () => issuer.configure(env),
    );
    return {
      config,
      stores: accounts.config,
      apps: allApps,
      open: async ({ log, first, opened }) => opened.use(await accounts.open(log, first)),
    };
  });
}

interface Configured {
  config: z.infer<z.ZodObject<typeof settings.listen>>;
  stores: StoreUrls;
  /** What the navigation of its pages shows. */
  apps: readonly AppLink[];
  /** Opens all that the program serves; what it adds to `opened` is closed when the program ends. */
  open(host: { log: Logger; stopping: AbortSignal; first: boolean; opened: AsyncDisposableStack }): Promise<{
    app: WebApp;
    fillDemo?: (progress: (line: string) => void) => Promise<void>;
  }>;
}

function startProgram(
  { name, port, prefix }: { name: string; port: number; prefix: string },
  configure: (env: NodeJS.ProcessEnv) => Promise<Configured>,
): Start {
  return async ({ env, first, fresh, socket, peers }) => {
    const { config, stores, apps, open } = await configure(env);
    if (fresh) await requireStores(stores);
    const log = createLogger({ service: name, level: config.LOG_LEVEL, file: config.LOG_FILE });
    const stopping = new AbortController();
    await using opening = new AsyncDisposableStack();
    opening.use(await openObservation(config, log));
    opening.use(await serveMetrics(config, log, { socket, peers }));
    const { app, fillDemo } = await open({ log, stopping: stopping.signal, first, opened: opening });
    const listening = await serve(listenerOf(withRootPaths(app, prefix), apps), {
      log,
      host: config.HOST,
      port: config.PORT ?? port,
      drainSeconds: config.DRAIN_SECONDS,
      corsOrigins: config.CORS_ORIGINS,
      problemPage: unroutedProblemPage(prefix, apps),
      socket,
    });
    // The issuer may be behind the gateway, which may start after this.
    const filled = first && fillDemo ? fillDemo((line) => log.info(line)) : Promise.resolve();
    const demo = filled.catch((error: unknown) => {
      // A fill that a stop interrupted goes on at the next start.
      if (!stopping.signal.aborted) log.error({ err: error }, "Demo data could not be created");
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
