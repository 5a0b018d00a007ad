import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, realpath, rm, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "./account.ts";
import { withLock } from "./lock.ts";

const SHARED_FOLDER = "/var/lib/quintet";

/**
 * The folder that holds the stores' data: `<dataDir>/stores`, or, when the users that the servers run as cannot enter
 * that (a clone below /root), a fresh folder below /var/lib/quintet that `<dataDir>/stores` then links to.
 */
export async function settle(dataDir: string, accounts: Account[]): Promise<string> {
  await makeFolder(dataDir);
  return withLock(join(dataDir, "stores.lock"), () => settleAt(join(dataDir, "stores"), accounts));
}

async function settleAt(link: string, accounts: Account[]): Promise<string> {
  const found = await existing(link);
  if (found) {
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
  return folder;
}

/** Makes a folder that is closed to others; when root makes it, the servers' users may pass through but not look. */
export async function makeFolder(folder: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const made = await mkdir(folder, { recursive: true, mode });
  if (made) await chmod(folder, mode); // Whatever the umask takes away.
}

/** The real path behind a folder or link; a link whose folder is gone is removed. */
async function existing(link: string): Promise<string | null> {
  try {
    return await realpath(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const dangling = await lstat(link).catch(() => null);
  if (dangling) await unlink(link);
  return null;
}

/** The first user who cannot write a file in a folder of their own below this one, tried as that user. */
async function whoCannotUse(folder: string, accounts: Account[]): Promise<string | null> {
  for (const { name, ids } of accounts) {
    if (!ids) continue;
    const trial = join(folder, `trial-${randomBytes(6).toString("hex")}`);
    await mkdir(trial, { mode: 0o700 });
    try {
      await chown(trial, ids.uid, ids.gid);
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
