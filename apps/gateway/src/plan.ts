import type { StoreUrls } from "@quintet/db";
import { type ConfiguredApp, type ConfiguredAuth, configureAuth, withAllFaults } from "@quintet/host";
import { ConfigError, withDefaults } from "@quintet/http";
import { apps as allApps, issuer, urlSetting } from "./apps.ts";
import { type Config, loadConfig, targetsOf } from "./config.ts";

export const defaultPort = 8080;

/** An app behind the gateway: in this process (`own`), or behind `origins`. */
interface PlannedApp {
  name: string;
  origins: string[];
  own: ConfiguredApp | undefined;
}

/** What the gateway runs: its settings, the accounts and each app, and the stores of this process. */
export interface Plan {
  config: Config;
  accounts: { origins: string[]; auth: ConfiguredAuth };
  apps: PlannedApp[];
  stores: StoreUrls;
}

/**
 * Reads the gateway's settings and those of the apps that it mounts; opens nothing. Rejects with one `ConfigError` that names
 * every invalid variable of all of them.
 */
export async function plan(environment: NodeJS.ProcessEnv): Promise<Plan> {
  const scheme = environment.TLS_CERT ? "https" : "http";
  const port = /^\d+$/.test(environment.PORT ?? "") ? environment.PORT : defaultPort;
  const env = withDefaults({ PUBLIC_URL: `${scheme}://localhost:${port}` }, environment);
  const isRemote = (name: string) => Boolean(env[urlSetting(name)] || env[`${urlSetting(name)}_FILE`]);
  let origins: (name: string) => string[] = () => [];
  const [config, auth, ...apps] = await withAllFaults<[Config, ConfiguredAuth, ...PlannedApp[]]>(
    () => {
      const read = loadConfig(env);
      origins = (name) => targetsOf(read, name);
      return read;
    },
    () => {
      const { AUTH_URL: _, AUTH_URL_FILE: __, ...rest } = env;
      if (!isRemote(issuer.name)) return configureAuth(rest, () => issuer);
      const [AUTH_URL] = origins(issuer.name);
      // The URL is invalid, which the gateway's settings report; those of an issuer in this process are not needed.
      if (AUTH_URL === undefined) throw new ConfigError([]);
      return configureAuth({ ...rest, AUTH_URL }, () => issuer);
    },
    ...allApps.map(({ name, configure }) => (): PlannedApp => {
      return isRemote(name)
        ? { name, origins: origins(name), own: undefined }
        : { name, origins: [], own: configure(env) };
    }),
  );
  const stores: StoreUrls = Object.assign({}, ...apps.map(({ own }) => own?.config), auth.config, config);
  return { config, accounts: { origins: origins(issuer.name), auth }, apps, stores };
}
