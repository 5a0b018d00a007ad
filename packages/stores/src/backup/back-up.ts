import { chmod, cp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { readFileOr } from "../data-version.ts";
import { openStores } from "../open-stores.ts";
import { createFolders, writePrivate } from "../private-file.ts";
import { loadSecrets } from "../secrets.ts";
import { type DumpedStore, dumps } from "./dumps.ts";
import { describeFile, FORMAT, type Manifest } from "./manifest.ts";

export interface BackupOptions {
  dataDir: string;
  /** The folder of the backup. */
  folder: string;
  /** The folder of ingest's backups. Default: `<dataDir>/backups`. */
  backupDir?: string | undefined;
  /** A store whose URL is set here is external and is not backed up. */
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Writes the data of the private stores, the secrets and ingest's backups to a new folder, also while they are in use.
 * Each store's data is a consistent snapshot. The folder appears only when it is complete.
 */
export async function backUp({ dataDir, folder, env, progress, signal, ...options }: BackupOptions): Promise<void> {
  const begun = new Date().toISOString();
  const target = resolve(folder);
  if (await exists(target)) throw new Error(`${target} already exists; name a new folder`);
  if (!(await exists(join(dataDir, "secrets.json")))) throw new Error(`${resolve(dataDir)} contains no data`);
  const draft = `${target}.part`;
  await rm(draft, { recursive: true, force: true });
  await createFolders(draft, 0o700);
  try {
    const stores: Manifest["stores"] = {};
    const needs = Object.keys(dumps) as DumpedStore[];
    {
      await using opened = await openStores({ dataDir, needs, env, progress, ...(signal && { signal }) });
      for (const name of needs) {
        const { title, file, save } = dumps[name];
        const url = opened.privateUrls[name];
        if (!url) {
          progress(`${title} is not stored in ${resolve(dataDir)}: back it up on its own server`);
          continue;
        }
        progress(`Backing up ${title}`);
        await save(new URL(url), join(draft, file), signal);
        await chmod(join(draft, file), 0o600);
        const version = (await readFileOr(join(opened.location, name, "version"), "")).trim();
        stores[name] = { version, ...(await describeFile(draft, file)) };
      }
    }
    const { env: secrets } = await loadSecrets(dataDir);
    await writePrivate(join(draft, "secrets.json"), `${JSON.stringify(secrets, null, 2)}\n`);
    const backupDir = options.backupDir ?? join(dataDir, "backups");
    const backups = await exists(backupDir);
    // Names that begin with a dot are incomplete files. Uploads come and go meanwhile, may be large, and can be sent again.
    const uploads = join(backupDir, "uploads");
    const isKept = (file: string) => file === backupDir || (!basename(file).startsWith(".") && file !== uploads);
    if (backups) await cp(backupDir, join(draft, "backups"), { recursive: true, filter: isKept });
    const completed = new Date().toISOString();
    const manifest: Manifest = { format: FORMAT, begun, completed, stores, secrets: true, backups };
    await writePrivate(join(draft, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Whether a path exists and is not an empty folder. */
export async function exists(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !(found.isDirectory() && (await readdir(path)).length === 0);
}
