import type { Auth } from "@quintet/auth";
import type { StoreUrls } from "@quintet/db";
import * as directory from "@quintet/directory";
import type { Logger } from "@quintet/http";
import * as ingest from "@quintet/ingest";
import * as properties from "@quintet/properties";
import * as queue from "@quintet/queue";
import * as social from "@quintet/social";
import type { MountableApp } from "./mounted.ts";

/**
 * What the apps of this process share. `stopping` aborts when a stop was asked for, before requests are drained; of several
 * processes the `first` brings the stores up to date.
 */
export interface Shared {
  log: Logger;
  auth: Auth;
  stopping: AbortSignal;
  first: boolean;
}

/** What every app's index exports; the gateway needs no more of it. */
interface AppModule<C extends StoreUrls, D extends AsyncDisposable> {
  loadConfig(env: NodeJS.ProcessEnv): C;
  migrate(config: NoInfer<C>): Promise<void>;
  createDeps(config: NoInfer<C>, shared: Shared): D;
  createApp(deps: NoInfer<D>): MountableApp;
  fillDemo(deps: NoInfer<D>, progress: (line: string) => void): Promise<void>;
}

/** An app that runs in this process. */
export interface RunningApp extends AsyncDisposable {
  app: MountableApp;
  fillDemo(progress: (line: string) => void): Promise<void>;
}

/** An app that can be run in this process; `configure` throws when its settings are wrong, and opens nothing. */
interface KnownApp {
  name: string;
  configure(env: NodeJS.ProcessEnv): ConfiguredApp;
}

/** An app whose settings are good: the stores that they name, and how to open it. */
export interface ConfiguredApp {
  stores: StoreUrls;
  open(shared: Shared): Promise<RunningApp>;
}

function known<C extends StoreUrls, D extends AsyncDisposable>(name: string, module: AppModule<C, D>): KnownApp {
  return {
    name,
    configure(env) {
      const config = module.loadConfig(env);
      return {
        stores: config,
        async open(shared) {
          if (shared.first) await module.migrate(config);
          const deps = module.createDeps(config, shared);
          return {
            app: module.createApp(deps),
            fillDemo: (progress) => module.fillDemo(deps, progress),
            [Symbol.asyncDispose]: () => deps[Symbol.asyncDispose](),
          };
        },
      };
    },
  };
}

/** The apps in the order in which they are listed everywhere; the large demo data comes last. */
export const knownApps: KnownApp[] = [
  known("properties", properties),
  known("ingest", ingest),
  known("queue", queue),
  known("social", social),
  known("directory", directory),
];
