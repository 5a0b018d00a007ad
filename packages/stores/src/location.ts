import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, lstat, readlink, realpath, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withLock } from "./lock.ts";
import { createFolders, createPrivateFolder, readJson, writePrivate } from "./private-file.ts";
import { isSameFolder } from "./same-folder.ts";
import type { SystemUser } from "./system-user.ts";

const SHARED_FOLDER = "/var/lib/quintet";
/** Increased when older versions can no longer use the folder. */
const LAYOUT = 1;

/**
 * The folder of the stores' data, created if it is missing: `<dataDir>/stores`, or, when the servers' users cannot enter
 * that (a clone below /root), a new folder below /var/lib/quintet that `<dataDir>/stores` links to.
 */
export async function resolveLocation(dataDir: string, users: SystemUser[]): Promise<string> {
  await createSharedFolder(dataDir);
  return withLock(join(dataDir, "stores.lock"), async () => {
    const location = await findOrCreateLocation(join(dataDir, "stores"), users);
    await checkLayout(location);
    return location;
  });
}

async function findOrCreateLocation(link: string, users: SystemUser[]): Promise<string> {
  const found = await resolveExisting(link);
  if (found) {
    await checkOwner(link, found);
    const excluded = await findUserWithoutAccess(found, users);
    if (!excluded) return found;
    throw new Error(
      `User ${excluded} cannot enter ${found}. Make the folders above it accessible to others, or set DATA_DIR`,
    );
  }
  await createSharedFolder(link);
  if (!(await findUserWithoutAccess(link, users))) return realpath(link);
  await rm(link, { recursive: true });
  const folder = join(SHARED_FOLDER, randomBytes(6).toString("hex"));
  await createSharedFolder(SHARED_FOLDER);
  await createSharedFolder(folder);
  await symlink(folder, link);
  await checkOwner(link, folder);
  return folder;
}

/** Creates a folder that others cannot enter; as root, one that the servers' users can enter but not list. */
export async function createSharedFolder(folder: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  if (await createFolders(folder, mode)) await chmod(folder, mode); // The umask may have removed bits.
}

/** The real path of a folder or link, or null. Throws when the link's target is missing: new stores would be empty. */
async function resolveExisting(link: string): Promise<string | null> {
  try {
    return await realpath(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const target = await readlink(link).catch(() => null);
  if (target === null) return null;
  throw new Error(
    `${link} links to ${target}, which does not exist: the stores' data was not copied or is not mounted. Put it back there, or restore a backup into another DATA_DIR; to start with no data remove ${dirname(link)}`,
  );
}

/**
 * Records which data folder links to this location. Throws when another existing data folder does: copying a data folder
 * copies the link only, and both would use the same data.
 */
async function checkOwner(link: string, location: string): Promise<void> {
  if (!(await lstat(link)).isSymbolicLink()) return;
  const file = join(location, "owner.json");
  const own = { dataDir: await realpath(dirname(link)) };
  const known = await readJson<typeof own>(file);
  if (known?.dataDir === own.dataDir) return;
  if (known && (await realpath(join(known.dataDir, "stores")).catch(() => null)) === location) {
    if (await isSameFolder(known.dataDir, own.dataDir)) return; // The same folder, through a mount.
    throw new Error(
      `${own.dataDir} is a copy of ${known.dataDir}: the link "stores" of both leads to ${location}, so they would use the same data. To copy data, use npm run backup and npm run restore`,
    );
  }
  await writePrivate(file, JSON.stringify(own));
}

/** Throws when a later version has changed the layout of the folder. */
async function checkLayout(location: string): Promise<void> {
  const file = join(location, "layout.json");
  const found = await readJson<{ version: number }>(file);
  if (found && found.version > LAYOUT) {
    throw new Error(
      `${location} was written by a later version of Quintet (layout ${found.version}; this version supports up to ${LAYOUT}). Start that version, or set DATA_DIR`,
    );
  }
  if (!found) await writePrivate(file, JSON.stringify({ version: LAYOUT }));
}

/** The first user that cannot write a file in its own folder below this one, tried as that user. */
async function findUserWithoutAccess(folder: string, users: SystemUser[]): Promise<string | null> {
  for (const { name, ids } of users) {
    if (!ids) continue;
    const trial = join(folder, `trial-${randomBytes(6).toString("hex")}`);
    await createPrivateFolder(trial, ids);
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
