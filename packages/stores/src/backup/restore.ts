import { cp, realpath, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { claimDataDir } from "../claim.ts";
import { makeFolder } from "../location.ts";
import { openStores, unfinishedRestore } from "../open-stores.ts";
import { readJson, writePrivate } from "../private-file.ts";
import { type BackupOptions, exists } from "./back-up.ts";
import { type DumpedStore, dumps } from "./dumps.ts";
import { checkedManifest } from "./manifest.ts";

/**
 * Makes a new data folder of what a backup holds. Throws when there is data already, and before anything is written when
 * a file of the backup is not whole. A restore that fails leaves nothing; one that was killed, a folder that no start
 * takes for whole.
 */
export async function restore({ dataDir, folder, env, progress, signal, ...options }: BackupOptions): Promise<void> {
  const source = resolve(folder);
  const { stores, backups } = await checkedManifest(source);
  const backupDir = options.backupDir ?? join(dataDir, "backups");
  for (const path of [join(dataDir, "secrets.json"), join(dataDir, "stores"), backupDir]) {
    if (await exists(path))
      throw new Error(`${resolve(path)} is there already: a backup is restored into a new DATA_DIR`);
  }
  const names = Object.keys(stores) as DumpedStore[];
  for (const name of names) {
    if (!env[variables[name]]) continue;
    throw new Error(
      `${variables[name]} is set, and the backup holds ${dumps[name].title}'s data: restore it without that`,
    );
  }
  await makeFolder(dataDir);
  const claim = await claimDataDir(dataDir);
  if ("heldBy" in claim) throw new Error(`Quintet runs on ${resolve(dataDir)}, as process ${claim.heldBy}`);
  try {
    const mark = unfinishedRestore(dataDir);
    await writePrivate(mark, `${source}\n`);
    progress(`Restoring into ${resolve(dataDir)}`);
    {
      await using opened = await openStores({
        dataDir,
        needs: names,
        env,
        progress,
        ...(signal && { signal }),
        seed: async (name, place) => {
          if (name !== "cache") await dumps[name].seed?.(place, join(source, stores[name]!.file));
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
    await rm(mark);
  } catch (error) {
    await removeAll(dataDir, backupDir);
    throw error;
  } finally {
    claim.release();
  }
}

/** Takes back what a restore has made: none of it was there before. */
async function removeAll(dataDir: string, backupDir: string): Promise<void> {
  const link = join(dataDir, "stores");
  const location = await realpath(link).catch(() => link);
  const made = [location, link, join(dataDir, "secrets.json"), backupDir, unfinishedRestore(dataDir)];
  for (const path of made) await rm(path, { recursive: true, force: true });
}

const variables = { mysql: "MYSQL_URL", postgres: "POSTGRES_URL", redis: "REDIS_URL" } as const;
