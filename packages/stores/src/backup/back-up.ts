import { chmod, cp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { readOr } from "../data-version.ts";
import { openStores } from "../open-stores.ts";
import { makeFolders, writePrivate } from "../private-file.ts";
import { keptSecrets } from "../secrets.ts";
import { type DumpedStore, dumps } from "./dumps.ts";
import { describeFile, FORMAT, type Manifest } from "./manifest.ts";

export interface BackupOptions {
  dataDir: string;
  /** The backup's folder. */
  folder: string;
  /** Where ingest keeps its backups; `<dataDir>/backups` unless given. */
  backupDir?: string | undefined;
  /** A store whose URL stands here is not ours to back up. */
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Writes the data of the private stores, the secrets and ingest's backups into a new folder, whether they are in use or
 * not: each store's data is of one moment. A folder that is there is complete.
 */
export async function backUp({ dataDir, folder, env, progress, signal, ...options }: BackupOptions): Promise<void> {
  const begun = new Date().toISOString();
  const target = resolve(folder);
  if (await exists(target)) throw new Error(`${target} is there already; name a folder that is not`);
  if (!(await exists(join(dataDir, "secrets.json")))) throw new Error(`${resolve(dataDir)} holds no data`);
  const draft = `${target}.part`;
  await rm(draft, { recursive: true, force: true });
  await makeFolders(draft, 0o700);
  try {
    const stores: Manifest["stores"] = {};
    const needs = Object.keys(dumps) as DumpedStore[];
    {
      await using opened = await openStores({ dataDir, needs, env, progress, ...(signal && { signal }) });
      for (const name of needs) {
        const { title, file, save } = dumps[name];
        const url = opened.privateUrls[name];
        if (!url) {
          progress(`${title} is not of ${resolve(dataDir)}: its own server has to be backed up there`);
          continue;
        }
        progress(`Backing up ${title}`);
        await save(new URL(url), join(draft, file), signal);
        await chmod(join(draft, file), 0o600);
        const version = (await readOr(join(opened.location, name, "version"), "")).trim();
        stores[name] = { version, ...(await describeFile(draft, file)) };
      }
    }
    const { env: secrets } = await keptSecrets(dataDir);
    await writePrivate(join(draft, "secrets.json"), `${JSON.stringify(secrets, null, 2)}\n`);
    const backupDir = options.backupDir ?? join(dataDir, "backups");
    const backups = await exists(backupDir);
    // What begins with a dot is not complete.
    const isComplete = (file: string) => !basename(file).startsWith(".") || file === backupDir;
    if (backups) await cp(backupDir, join(draft, "backups"), { recursive: true, filter: isComplete });
    const completed = new Date().toISOString();
    const manifest: Manifest = { format: FORMAT, begun, completed, stores, secrets: true, backups };
    await writePrivate(join(draft, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Whether something is at a path, other than an empty folder. */
export async function exists(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !(found.isDirectory() && (await readdir(path)).length === 0);
}
