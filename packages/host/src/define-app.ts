import { fileURLToPath } from "node:url";
import { migrateMysql, migratePostgres, type StoreUrls } from "@quintet/db";
import type { WebApp } from "@quintet/http";
import type { z } from "zod";
import { type AppConfig, type ConfigOf, readAppSettings, type StoreName } from "./app-settings.ts";
import { type CommonDeps, openCommonDeps, type Shared } from "./common-deps.ts";
import { version } from "./version.ts";

/** The SQL files of an app's migrations, or the function that runs them. */
type Migrations = { mysql: URL } | { postgres: URL } | ((config: StoreUrls) => Promise<void>);

/** What an app says of itself; all that is outside of it is made from this. */
export interface AppDefinition<S extends StoreName, Own extends z.ZodRawShape, D extends object> {
  /** One word. The app is served below `/name`, logs and metrics call it so, and `NAME_URL` says where it runs. */
  name: string;
  /** Where it listens when it runs alone, unless `PORT` is set. */
  port: number;
  /** The stores that it needs, in the order of its health checks. */
  stores: readonly S[];
  /** Its own environment variables; those of every app and of its stores are there already. */
  settings?: Own;
  /** Brings its tables up to date, safely from several processes at once. */
  migrations?: Migrations;
  /** Whether commands to Redis that are sent in one turn of the event loop share a write. */
  pipelinesRedis?: boolean;
  /** What the app works with beyond what every app has; what it defines under a common name replaces that. */
  createDeps?(config: ConfigOf<S, Own>, common: CommonDeps<S>): D;
  /** The app; pure, opens nothing. */
  createApp(deps: DepsOf<S, D>): WebApp;
  /** Begins what a running app does without requests. */
  start?(deps: DepsOf<S, D>): void;
  /** Fills in demo data, once: a second run changes nothing, an interrupted one goes on. */
  fillDemo?(deps: DepsOf<S, D>, progress: (line: string) => void): Promise<void>;
}

/** All that an app works with: what every app has, and its own. Disposing of it closes both. */
export type DepsOf<S extends StoreName, D extends object> = Omit<CommonDeps<S>, keyof D> & D & AsyncDisposable;

/** An app as its host uses it. */
export interface App<C = AppConfig, D = AsyncDisposable> {
  readonly name: string;
  readonly port: number;
  readonly stores: readonly StoreName[];
  /** Parses its settings; throws one `ConfigError` that names every invalid one. Opens nothing. */
  loadConfig(env: NodeJS.ProcessEnv): C;
  migrate(config: StoreUrls): Promise<void>;
  /** Opens what the app works with; closes on disposal what it opened, and nothing of `shared`. */
  createDeps(config: C, shared: Shared): D;
  createApp(deps: D): WebApp;
  fillDemo(deps: D, progress: (line: string) => void): Promise<void>;
  /** The same in one: reads the settings, then waits to be opened. */
  configure(env: NodeJS.ProcessEnv): ConfiguredApp;
}

/** An app, whatever its settings and dependencies are. */
export type AnyApp = Pick<App, "name" | "port" | "stores" | "configure">;

/** An app whose settings are valid. */
export interface ConfiguredApp {
  config: AppConfig & StoreUrls;
  /** Migrates when this is the `first` process, then opens the app. */
  open(shared: Shared, first: boolean): Promise<RunningApp>;
}

/** An app that runs in this process. */
export interface RunningApp extends AsyncDisposable {
  app: WebApp;
  fillDemo(progress: (line: string) => void): Promise<void>;
}

/** Makes an app from its definition. */
export function defineApp<
  const S extends StoreName,
  Own extends z.ZodRawShape = Record<never, never>,
  D extends object = Record<never, never>,
>(definition: AppDefinition<S, Own, D>): App<ConfigOf<S, Own>, DepsOf<S, D>> {
  const { name, port, stores, settings: own, migrations, createApp } = definition;
  type Config = ConfigOf<S, Own>;
  type Deps = DepsOf<S, D>;
  const app: App<Config, Deps> = {
    name,
    port,
    stores,
    loadConfig: (env) => readAppSettings(stores, own ?? {}, env) as unknown as Config,
    async migrate(config) {
      if (typeof migrations === "function") return migrations(config);
      if (migrations === undefined) return;
      const [migrate, url, folder] =
        "mysql" in migrations
          ? [migrateMysql, config.MYSQL_URL, migrations.mysql]
          : [migratePostgres, config.POSTGRES_URL, migrations.postgres];
      await migrate(String(url), name, fileURLToPath(folder));
    },
    createDeps(config, shared) {
      const stack = new AsyncDisposableStack();
      const options = { name, version, stores, pipelinesRedis: definition.pipelinesRedis };
      try {
        const common = openCommonDeps(options, config as unknown as AppConfig & Record<string, unknown>, shared, stack);
        const ownDeps = definition.createDeps?.(config, common as CommonDeps<S>);
        if (ownDeps && Symbol.asyncDispose in ownDeps) stack.use(ownDeps as AsyncDisposable);
        return { ...common, ...ownDeps, [Symbol.asyncDispose]: () => stack.disposeAsync() } as unknown as Deps;
      } catch (error) {
        stack.disposeAsync().catch(() => {}); // The first error is the one to report.
        throw error;
      }
    },
    createApp,
    fillDemo: definition.fillDemo ?? (async () => {}),
    configure(env) {
      const config = app.loadConfig(env);
      return {
        config: config as unknown as AppConfig,
        async open(shared, first) {
          if (first) await app.migrate(config as StoreUrls);
          await using opening = new AsyncDisposableStack();
          const deps = opening.use(app.createDeps(config, shared));
          const webApp = createApp(deps);
          definition.start?.(deps);
          const opened = opening.move();
          return {
            app: webApp,
            fillDemo: (progress) => app.fillDemo(deps, progress),
            [Symbol.asyncDispose]: () => opened.disposeAsync(),
          };
        },
      };
    },
  };
  return app;
}
