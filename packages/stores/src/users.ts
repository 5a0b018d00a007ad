import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { tryLock } from "./lock.ts";

/** A use of the stores of a location by this process, until leave() or the end of the process. */
export interface Use {
  leave(): Promise<void>;
}

/** Notes that this process uses the stores of a location: a file that it has locked. The caller holds the location's lock. */
export async function register(location: string): Promise<Use> {
  const folder = join(location, "users");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${process.pid}-${randomBytes(4).toString("hex")}`);
  const lock = tryLock(file)!;
  return {
    async leave() {
      lock.release();
      await rm(file, { force: true });
    },
  };
}

/**
 * True while a process that still runs uses the stores of a location; forgets those that have died. The files of a copy
 * are locked by nobody. The caller holds the location's lock.
 */
export async function anyUser(location: string): Promise<boolean> {
  const folder = join(location, "users");
  let any = false;
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    if (isHeld(file)) any = true;
    else await rm(file, { force: true });
  }
  return any;
}

function isHeld(file: string): boolean {
  if (file.endsWith(".json")) return false; // Of a version that locked nothing.
  const lock = tryLock(file);
  lock?.release();
  return lock === null;
}
