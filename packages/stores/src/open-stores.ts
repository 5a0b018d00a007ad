import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { accountFor } from "./account.ts";
import { checkVersion, recordVersion } from "./data-version.ts";
import type { Engine, Place, StoreName } from "./engine.ts";
import { installMissing } from "./install.ts";
import { ensureRunning, prepare, running, stop } from "./instance.ts";
import { settle } from "./location.ts";
import { withLock } from "./lock.ts";
import { mariadb } from "./mariadb.ts";
import { postgres } from "./postgres.ts";
import { readJson, writePrivate } from "./private-file.ts";
import { cache, redis } from "./redis.ts";
import { type Report, type Supervised, supervise } from "./supervise.ts";
import { anyUser, register, type Use } from "./users.ts";

const ENGINES: Record<StoreName, Engine> = { mysql: mariadb, postgres, redis, cache };

export type Stores = {
  /** The URL of each store that was asked for. */
  env: { MYSQL_URL?: string; POSTGRES_URL?: string; REDIS_URL?: string; CACHE_REDIS_URL?: string };
  /** Of these, those of private instances. */
  privateUrls: Partial<Record<StoreName, string>>;
  /** The folder where the data of the private instances really lies. */
  location: string;
  /** Stops the private instances, unless another process still uses them. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Finds or starts the stores that are needed. One whose URL stands in `env` is used as it is; for the others a private
 * instance of the real server runs on a free loopback port, with its data below `dataDir`, started once, found again
 * by the next process, started again when it ends, and stopped with its last user. A server program that the machine
 * lacks is installed first.
 * A `REDIS_URL` that is set serves as the cache too, unless `CACHE_REDIS_URL` is set. `durable: false` never waits for the disk: for tests.
 */
export async function openStores(options: {
  dataDir: string;
  needs: StoreName[];
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  durable?: boolean;
  /** Runs before a private instance is started, once its place is made. */
  seed?: (name: StoreName, place: Place) => Promise<void>;
  /** Is told when a store has ended and when it runs again; unless given, `progress` is. */
  report?: Report;
  /**
   * Gives the start up, before the servers are started; an installation that is under way goes on by itself. Later it
   * ends the supervision: what shuts down with the machine is not started again.
   */
  signal?: AbortSignal;
}): Promise<Stores> {
  const dataDir = resolve(options.dataDir);
  const engines = [...new Set(options.needs)].map((name) => ENGINES[name]);
  const given = engines.filter((engine) => options.env[engine.variable]);
  const own = engines.filter((engine) => !options.env[engine.variable] && !(engine === cache && options.env.REDIS_URL));
  const env: Stores["env"] = {};
  for (const engine of given) env[engine.variable] = options.env[engine.variable]!;
  if (own.length === 0) return stores(env, {}, dataDir, async () => {});
  if (!options.seed && existsSync(unfinishedRestore(dataDir))) {
    throw new Error(`A restore into ${dataDir} was not completed. Remove that folder, and restore again`);
  }

  await installMissing(own, dataDir, options.progress, options.signal);
  options.signal?.throwIfAborted();
  const accounts = new Map(
    await Promise.all(own.map(async (engine) => [engine, await accountFor(engine.users)] as const)),
  );
  const location = await settle(dataDir, [...accounts.values()]);
  const lock = join(location, "lock");
  const supervised: Supervised[] = [];
  const privateUrls: Stores["privateUrls"] = {};
  const use = await withLock(lock, async () => {
    const registered = await register(location);
    try {
      const passwords = await keptPasswords(location);
      const places = own.map((engine): [Engine, Place] => {
        const [dir, account] = [join(location, engine.name), accounts.get(engine)!];
        return [engine, { dir, account, password: passwords[engine.name], durable: options.durable ?? true }];
      });
      announce(places, options.progress);
      const started = await Promise.allSettled(
        places.map(async ([engine, place]) => {
          const programs = (await engine.find(place.dir))!;
          const version = await checkVersion(engine, place, programs);
          await prepare(engine, place, programs);
          await options.seed?.(engine.name, place);
          const server = await ensureRunning(engine, place, programs);
          await recordVersion(place, version);
          const url = engine.url(server.port, place.password);
          env[engine.variable] = url;
          privateUrls[engine.name] = url;
          supervised.push({ engine, place, programs, server });
        }),
      );
      const failures = started.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new Error(failures.map(String).join("\n"));
    } catch (error) {
      await leave(location, registered);
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
    await withLock(lock, () => leave(location, use));
  });
}

/** The file that is in a data folder while a backup is restored into it. */
export function unfinishedRestore(dataDir: string): string {
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

function announce(places: [Engine, Place][], progress: (line: string) => void): void {
  const titles = places.filter(([, place]) => !running(place.dir)).map(([engine]) => engine.title);
  if (titles.length > 0) progress(`Starting ${titles.join(", ")}`);
}

/** Ends a use, and the servers when it was the last. The caller holds the location's lock. */
async function leave(location: string, use: Use): Promise<void> {
  await use.leave();
  if (!(await anyUser(location))) await stopAll(location);
}

async function stopAll(location: string): Promise<void> {
  await Promise.all((Object.keys(ENGINES) as StoreName[]).map((name) => stop(join(location, name))));
}

async function keptPasswords(location: string): Promise<Record<StoreName, string>> {
  const file = join(location, "passwords.json");
  const kept = await readJson<Partial<Record<StoreName, string>>>(file);
  const random = () => randomBytes(24).toString("hex");
  const passwords = { mysql: random(), postgres: random(), redis: random(), cache: random(), ...kept };
  // A folder that was made before one of the stores existed lacks its password.
  if (Object.keys(kept ?? {}).length < Object.keys(passwords).length)
    await writePrivate(file, JSON.stringify(passwords));
  return passwords;
}
