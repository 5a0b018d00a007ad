import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, lstat, readlink, realpath, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Account } from "./account.ts";
import { withLock } from "./lock.ts";
import { makeFolders, makePrivateFolder, readJson, writePrivate } from "./private-file.ts";
import { isSameFolder } from "./same-folder.ts";

const SHARED_FOLDER = "/var/lib/quintet";
/** Goes up when an older version could no longer use the folder. */
const LAYOUT = 1;

/**
 * The folder that holds the stores' data: `<dataDir>/stores`, or, when the users that the servers run as cannot enter
 * that (a clone below /root), a fresh folder below /var/lib/quintet that `<dataDir>/stores` then links to.
 */
export async function settle(dataDir: string, accounts: Account[]): Promise<string> {
  await makeFolder(dataDir);
  return withLock(join(dataDir, "stores.lock"), async () => {
    const location = await settleAt(join(dataDir, "stores"), accounts);
    await checkLayout(location);
    return location;
  });
}

async function settleAt(link: string, accounts: Account[]): Promise<string> {
  const found = await existing(link);
  if (found) {
    await checkOwner(link, found);
    const outsider = await whoCannotUse(found, accounts);
    if (!outsider) return found;
    throw new Error(`User ${outsider} cannot enter ${found}. Open the folders above it to others, or set DATA_DIR`);
  }
  await makeFolder(link);
  if (!(await whoCannotUse(link, accounts))) return realpath(link);
  await rm(link, { recursive: true });
  const folder = join(SHARED_FOLDER, randomBytes(6).toString("hex"));
  await makeFolder(SHARED_FOLDER);
  await makeFolder(folder);
  await symlink(folder, link);
  await checkOwner(link, folder);
  return folder;
}

/** Makes a folder that is closed to others; when root makes it, the servers' users may pass through but not look. */
export async function makeFolder(folder: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  if (await makeFolders(folder, mode)) await chmod(folder, mode); // Whatever the umask takes away.
}

/** The real path behind a folder or link. Throws when a link leads nowhere: in its place would be new, empty stores. */
async function existing(link: string): Promise<string | null> {
  try {
    return await realpath(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const target = await readlink(link).catch(() => null);
  if (target === null) return null;
  throw new Error(
    `${link} leads to ${target}, where nothing is: the stores' data was not copied along or is not mounted. Bring it back there, or restore a backup into another DATA_DIR; to begin anew remove ${dirname(link)}`,
  );
}

/**
 * Records which data folder's link leads to a folder elsewhere. Throws when it is another's, which still is there: a copy
 * of a data folder is one of the link only, and both would work on the same data.
 */
async function checkOwner(link: string, location: string): Promise<void> {
  if (!(await lstat(link)).isSymbolicLink()) return;
  const file = join(location, "owner.json");
  const own = { dataDir: await realpath(dirname(link)) };
  const known = await readJson<typeof own>(file);
  if (known?.dataDir === own.dataDir) return;
  if (known && (await realpath(join(known.dataDir, "stores")).catch(() => null)) === location) {
    if (await isSameFolder(known.dataDir, own.dataDir)) return; // By way of a mount.
    throw new Error(
      `${own.dataDir} is a copy of ${known.dataDir}: the link "stores" of both leads to ${location}, and so to the same data. Make copies by npm run backup and npm run restore`,
    );
  }
  await writePrivate(file, JSON.stringify(own));
}

/** Throws when a later version has arranged the folder in a way that this one does not know. */
async function checkLayout(location: string): Promise<void> {
  const file = join(location, "layout.json");
  const found = await readJson<{ version: number }>(file);
  if (found && found.version > LAYOUT) {
    throw new Error(
      `${location} is of a later version of Quintet (layout ${found.version}; this one knows up to ${LAYOUT}). Start that version, or set DATA_DIR`,
    );
  }
  if (!found) await writePrivate(file, JSON.stringify({ version: LAYOUT }));
}

/** The first user who cannot write a file in a folder of their own below this one, tried as that user. */
async function whoCannotUse(folder: string, accounts: Account[]): Promise<string | null> {
  for (const { name, ids } of accounts) {
    if (!ids) continue;
    const trial = join(folder, `trial-${randomBytes(6).toString("hex")}`);
    await makePrivateFolder(trial, ids);
    try {
      const { status } = spawnSync("/bin/sh", ["-c", ': > "$1/file"', "sh", trial], {
        ...ids,
        cwd: "/",
        stdio: "ignore",
      });
      if (status !== 0) return name;
    } finally {
      await rm(trial, { recursive: true });
    }
  }
  return null;
}
