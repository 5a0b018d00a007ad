import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { accountFor } from "./account.ts";
import type { Engine, Place, StoreName } from "./engine.ts";
import { installMissing } from "./install.ts";
import { ensureRunning, running, stop } from "./instance.ts";
import { settle } from "./location.ts";
import { withLock } from "./lock.ts";
import { mariadb } from "./mariadb.ts";
import { postgres } from "./postgres.ts";
import { readJson, writePrivate } from "./private-file.ts";
import { cache, redis } from "./redis.ts";
import { anyUser, register } from "./users.ts";

const ENGINES: Record<StoreName, Engine> = { mysql: mariadb, postgres, redis, cache };

export type Stores = {
  /** The URL of each store that was asked for. */
  env: { MYSQL_URL?: string; POSTGRES_URL?: string; REDIS_URL?: string; CACHE_REDIS_URL?: string };
  /** The folder where the data of the private instances really lies. */
  location: string;
  /** Stops the private instances, unless another process still uses them. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Finds or starts the stores that are needed. One whose URL stands in `env` is used as it is; for the others a private
 * instance of the real server runs on a free loopback port, with its data below `dataDir`, started once, found again
 * by the next process and stopped with its last user. A server program that the machine lacks is installed first.
 * A `REDIS_URL` that is set serves as the cache too, unless `CACHE_REDIS_URL` is set. `durable: false` never waits for the disk: for tests.
 */
export async function openStores(options: {
  dataDir: string;
  needs: StoreName[];
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  durable?: boolean;
  /** Gives the start up, before the servers are started; an installation that is under way goes on by itself. */
  signal?: AbortSignal;
}): Promise<Stores> {
  const dataDir = resolve(options.dataDir);
  const engines = [...new Set(options.needs)].map((name) => ENGINES[name]);
  const given = engines.filter((engine) => options.env[engine.variable]);
  const own = engines.filter((engine) => !options.env[engine.variable] && !(engine === cache && options.env.REDIS_URL));
  const env: Stores["env"] = {};
  for (const engine of given) env[engine.variable] = options.env[engine.variable]!;
  if (own.length === 0) return stores(env, dataDir, async () => {});

  await installMissing(own, dataDir, options.progress, options.signal);
  options.signal?.throwIfAborted();
  const accounts = new Map(
    await Promise.all(own.map(async (engine) => [engine, await accountFor(engine.users)] as const)),
  );
  const location = await settle(dataDir, [...accounts.values()]);
  const lock = join(location, "lock");
  const note = await withLock(lock, async () => {
    const registered = await register(location);
    try {
      const passwords = await keptPasswords(location);
      const places = own.map((engine): [Engine, Place] => {
        const [dir, account] = [join(location, engine.name), accounts.get(engine)!];
        return [engine, { dir, account, password: passwords[engine.name], durable: options.durable ?? true }];
      });
      await announce(places, options.progress);
      const started = await Promise.allSettled(
        places.map(async ([engine, place]) => {
          const programs = (await engine.find(place.dir))!;
          env[engine.variable] = engine.url(await ensureRunning(engine, place, programs), place.password);
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
  return stores(env, location, () => withLock(lock, () => leave(location, note)));
}

function stores(env: Stores["env"], location: string, closeOnce: () => Promise<void>): Stores {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeOnce();
    return closing;
  };
  return { env, location, close, [Symbol.asyncDispose]: close };
}

async function announce(places: [Engine, Place][], progress: (line: string) => void): Promise<void> {
  const titles: string[] = [];
  for (const [engine, place] of places) if (!(await running(place.dir))) titles.push(engine.title);
  if (titles.length > 0) progress(`Starting ${titles.join(", ")}`);
}

/** Takes a user's note away and stops the servers when it was the last. The caller holds the location's lock. */
async function leave(location: string, note: string): Promise<void> {
  await rm(note, { force: true });
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
