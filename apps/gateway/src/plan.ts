import type { StoreUrls } from "@quintet/db";
import type { ConfiguredApp } from "@quintet/host";
import { ConfigError, withDefaults } from "@quintet/http";
import { apps as allApps, urlSetting } from "./apps.ts";
import { type Config, loadConfig, targetsOf } from "./config.ts";

export const defaultPort = 8080;

/** What the gateway is to run: its settings, each app, in this process or behind `origins`, and the stores of this process. */
export interface Plan {
  config: Config;
  apps: { name: string; origins: string[]; own: ConfiguredApp | undefined }[];
  stores: StoreUrls;
}

/**
 * Reads the gateway's settings and those of the apps that it mounts; opens nothing. Throws one `ConfigError` that names every bad
 * variable of all of them.
 */
export function plan(given: NodeJS.ProcessEnv): Plan {
  const scheme = given.TLS_CERT ? "https" : "http";
  const port = /^\d+$/.test(given.PORT ?? "") ? given.PORT : defaultPort;
  const env = withDefaults({ PUBLIC_URL: `${scheme}://localhost:${port}` }, given);
  const faults = new Set<string>();
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) faults.add(fault);
      return undefined;
    }
  };
  const config = attempt(() => loadConfig(env));
  const apps = allApps.map(({ name, configure }) => {
    const variable = urlSetting(name);
    if (env[variable] || env[`${variable}_FILE`]) {
      return { name, origins: config ? targetsOf(config, name) : [], own: undefined };
    }
    return { name, origins: [], own: attempt(() => configure(env)) };
  });
  // That one is missing may be told with the reason as well.
  const all = [...faults].filter((fault, _, those) => !those.some((other) => other.startsWith(`${fault}:`)));
  if (config === undefined || all.length > 0) throw new ConfigError(all);
  const stores: StoreUrls = Object.assign({}, ...apps.map(({ own }) => own?.config), config);
  return { config, apps, stores };
}
