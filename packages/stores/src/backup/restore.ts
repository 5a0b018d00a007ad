import { cp, realpath, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lockDataDir } from "../data-dir-lock.ts";
import { createSharedFolder } from "../location.ts";
import { openStores, restoreMarker } from "../open-stores.ts";
import { readJson, writePrivate } from "../private-file.ts";
import { type BackupOptions, exists } from "./back-up.ts";
import { type DumpedStore, dumps } from "./dumps.ts";
import { readVerifiedManifest } from "./manifest.ts";

/**
 * Restores a backup into a new data folder. Throws when the folder already contains data, and before anything is written
 * when a file of the backup is damaged. A failed restore leaves nothing; a killed one leaves a folder that a start
 * rejects.
 */
export async function restore({ dataDir, folder, env, progress, signal, ...options }: BackupOptions): Promise<void> {
  const source = resolve(folder);
  const { stores, backups } = await readVerifiedManifest(source);
  const backupDir = options.backupDir ?? join(dataDir, "backups");
  for (const path of [join(dataDir, "secrets.json"), join(dataDir, "stores"), backupDir]) {
    if (await exists(path)) throw new Error(`${resolve(path)} already exists; restore into a new DATA_DIR`);
  }
  const names = Object.keys(stores) as DumpedStore[];
  for (const name of names) {
    if (!env[variables[name]]) continue;
    throw new Error(
      `${variables[name]} is set, but the backup contains ${dumps[name].title}'s data; unset it to restore`,
    );
  }
  await createSharedFolder(dataDir);
  const lock = await lockDataDir(dataDir);
  if ("heldBy" in lock) throw new Error(`Quintet is running on ${resolve(dataDir)} as process ${lock.heldBy}`);
  try {
    const marker = restoreMarker(dataDir);
    await writePrivate(marker, `${source}\n`);
    progress(`Restoring into ${resolve(dataDir)}`);
    {
      await using opened = await openStores({
        dataDir,
        needs: names,
        env,
        progress,
        ...(signal && { signal }),
        seed: async (name, instance) => {
          if (name !== "cache") await dumps[name].seed?.(instance, join(source, stores[name]!.file));
        },
      });
      for (const name of names) {
        progress(`Restoring ${dumps[name].title}`);
        await dumps[name].load(new URL(opened.privateUrls[name]!), join(source, stores[name]!.file), signal);
      }
    }
    if (backups) await cp(join(source, "backups"), backupDir, { recursive: true });
    const secrets = await readJson(join(source, "secrets.json"));
    await writePrivate(join(dataDir, "secrets.json"), `${JSON.stringify(secrets, null, 2)}\n`);
    await rm(marker);
  } catch (error) {
    await rollBack(dataDir, backupDir);
    throw error;
  } finally {
    lock.release();
  }
}

/** Removes what a restore has created. None of it existed before. */
async function rollBack(dataDir: string, backupDir: string): Promise<void> {
  const link = join(dataDir, "stores");
  const location = await realpath(link).catch(() => link);
  const created = [location, link, join(dataDir, "secrets.json"), backupDir, restoreMarker(dataDir)];
  for (const path of created) await rm(path, { recursive: true, force: true });
}

const variables = { mysql: "MYSQL_URL", postgres: "POSTGRES_URL", redis: "REDIS_URL" } as const;
