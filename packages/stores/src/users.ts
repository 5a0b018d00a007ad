import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { tryLock } from "./lock.ts";

/** Registers this process as a user of a location's stores, until unregister() or the end of the process. */
export interface Registration {
  unregister(): Promise<void>;
}

/** Registers this process, by a file that it locks. The caller holds the location's lock. */
export async function register(location: string): Promise<Registration> {
  const folder = join(location, "users");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${process.pid}-${randomBytes(4).toString("hex")}`);
  const lock = tryLock(file)!;
  return {
    async unregister() {
      lock.release();
      await rm(file, { force: true });
    },
  };
}

/**
 * True while a running process uses the stores of a location; removes the files of processes that have exited. In a copy
 * of the location no file is locked. The caller holds the location's lock.
 */
export async function hasUsers(location: string): Promise<boolean> {
  const folder = join(location, "users");
  let any = false;
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    if (isLocked(file)) any = true;
    else await rm(file, { force: true });
  }
  return any;
}

function isLocked(file: string): boolean {
  if (file.endsWith(".json")) return false; // Written by a version that did not lock.
  const lock = tryLock(file);
  lock?.release();
  return lock === null;
}
