import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkVersion, recordVersion } from "./data-version.ts";
import type { Engine, InstanceConfig, StoreName } from "./engine.ts";
import { installMissing } from "./install.ts";
import { ensureRunning, findRunning, prepare, stop } from "./instance.ts";
import { resolveLocation } from "./location.ts";
import { withLock } from "./lock.ts";
import { mariadb, readerUrls } from "./mariadb.ts";
import { postgres } from "./postgres.ts";
import { readJson, writePrivate } from "./private-file.ts";
import { cache, redis } from "./redis.ts";
import { type Report, type SupervisedStore, supervise } from "./supervise.ts";
import { selectSystemUser } from "./system-user.ts";
import { hasUsers, type Registration, register } from "./users.ts";

const ENGINES: Record<StoreName, Engine> = { mysql: mariadb, postgres, redis, cache };

export type Stores = {
  /** The URL of each requested store; of a private MariaDB also those of users who can only read what the app lets them. */
  env: {
    MYSQL_URL?: string;
    REPORTS_MYSQL_URL?: string;
    SQL_MYSQL_URL?: string;
    POSTGRES_URL?: string;
    REDIS_URL?: string;
    CACHE_REDIS_URL?: string;
  };
  /** The URLs of the private instances among them. */
  privateUrls: Partial<Record<StoreName, string>>;
  /** The real path of the folder with the private instances' data. */
  location: string;
  /** Stops the private instances unless another process uses them. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Finds or starts the stores in `needs`. A store whose URL is in `env` is used as it is. For the others a private
 * instance of the real server runs on a free loopback port, with its data below `dataDir`: it is started once, shared
 * with other processes, restarted when it exits, and stopped when its last process closes. Missing server programs are
 * installed first. A `REDIS_URL` in `env` is also the cache, unless `CACHE_REDIS_URL` is set. `durable: false` disables
 * every wait for the disk, for tests.
 */
export async function openStores(options: {
  dataDir: string;
  needs: StoreName[];
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  durable?: boolean;
  /** Whether the user of a private MariaDB may do everything there, for tests and benchmarks. */
  allRights?: boolean;
  /** Runs before a private instance is started, when its folder exists. */
  seed?: (name: StoreName, instance: InstanceConfig) => Promise<void>;
  /** Called when a store has exited and when it is running again. Default: `progress`. */
  report?: Report;
  /**
   * Aborts the start until the servers are started; an installation in progress continues. After that it ends the
   * supervision, so that servers which shut down with the machine are not restarted.
   */
  signal?: AbortSignal;
}): Promise<Stores> {
  const dataDir = resolve(options.dataDir);
  const engines = [...new Set(options.needs)].map((name) => ENGINES[name]);
  const external = engines.filter((engine) => options.env[engine.variable]);
  const own = engines.filter((engine) => !options.env[engine.variable] && !(engine === cache && options.env.REDIS_URL));
  const env: Stores["env"] = {};
  for (const engine of external) env[engine.variable] = options.env[engine.variable]!;
  if (own.length === 0) return stores(env, {}, dataDir, async () => {});
  if (!options.seed && existsSync(restoreMarker(dataDir))) {
    throw new Error(`A restore into ${dataDir} was not completed. Remove that folder, and restore again`);
  }

  await installMissing(own, dataDir, options.progress, options.signal);
  options.signal?.throwIfAborted();
  const users = new Map(
    await Promise.all(own.map(async (engine) => [engine, await selectSystemUser(engine.users)] as const)),
  );
  const location = await resolveLocation(dataDir, [...users.values()]);
  const lock = join(location, "lock");
  const supervised: SupervisedStore[] = [];
  const privateUrls: Stores["privateUrls"] = {};
  const registration = await withLock(lock, async () => {
    const registered = await register(location);
    try {
      const passwords = await loadPasswords(location);
      const instances = own.map((engine): [Engine, InstanceConfig] => {
        const [dir, user] = [join(location, engine.name), users.get(engine)!];
        const { durable = true, allRights = false } = options;
        return [engine, { dir, user, password: passwords[engine.name], durable, allRights }];
      });
      announce(instances, options.progress);
      const started = await Promise.allSettled(
        instances.map(async ([engine, instance]) => {
          const programs = (await engine.find(instance.dir))!;
          const version = await checkVersion(engine, instance, programs);
          await prepare(engine, instance, programs);
          await options.seed?.(engine.name, instance);
          const server = await ensureRunning(engine, instance, programs);
          await recordVersion(instance, version);
          const url = engine.url(server.port, instance.password);
          env[engine.variable] = url;
          privateUrls[engine.name] = url;
          if (engine === mariadb) Object.assign(env, missing(readerUrls(server.port, instance.password), options.env));
          supervised.push({ engine, instance, programs, server });
        }),
      );
      const failures = started.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new Error(failures.map(String).join("\n"));
    } catch (error) {
      await unregister(location, registered);
      throw error;
    }
    return registered;
  });
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  const report = options.report ?? ((_, line) => options.progress(line));
  const supervisions = Promise.all(supervised.map((store) => supervise(store, report, signal)));
  return stores(env, privateUrls, location, async () => {
    closing.abort();
    await supervisions;
    await withLock(lock, () => unregister(location, registration));
  });
}

/** The file that marks a data folder while a backup is restored into it. */
export function restoreMarker(dataDir: string): string {
  return join(dataDir, "restoring");
}

function stores(
  env: Stores["env"],
  privateUrls: Stores["privateUrls"],
  location: string,
  closeOnce: () => Promise<void>,
): Stores {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeOnce();
    return closing;
  };
  return { env, privateUrls, location, close, [Symbol.asyncDispose]: close };
}

/** The variables that are not set. */
function missing(variables: Record<string, string>, env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !env[name]));
}

function announce(instances: [Engine, InstanceConfig][], progress: (line: string) => void): void {
  const titles = instances.filter(([, instance]) => !findRunning(instance.dir)).map(([engine]) => engine.title);
  if (titles.length > 0) progress(`Starting ${titles.join(", ")}`);
}

/** Removes a registration, and stops the servers if it was the last. The caller holds the location's lock. */
async function unregister(location: string, registration: Registration): Promise<void> {
  await registration.unregister();
  if (!(await hasUsers(location))) await stopAll(location);
}

async function stopAll(location: string): Promise<void> {
  await Promise.all((Object.keys(ENGINES) as StoreName[]).map((name) => stop(join(location, name))));
}

async function loadPasswords(location: string): Promise<Record<StoreName, string>> {
  const file = join(location, "passwords.json");
  const stored = await readJson<Partial<Record<StoreName, string>>>(file);
  const random = () => randomBytes(24).toString("hex");
  const passwords = { mysql: random(), postgres: random(), redis: random(), cache: random(), ...stored };
  // A folder of an older version has no password for a store that was added later.
  if (Object.keys(stored ?? {}).length < Object.keys(passwords).length)
    await writePrivate(file, JSON.stringify(passwords));
  return passwords;
}
