import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writePrivate } from "./private-file.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** Notes that this process uses the stores of a location; returns the note. The caller holds the location's lock. */
export async function register(location: string): Promise<string> {
  const self = identify(process.pid);
  if (!self) throw new Error("This process does not find itself in the process table");
  const folder = join(location, "users");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const note = join(folder, `${process.pid}-${randomBytes(4).toString("hex")}.json`);
  await writePrivate(note, JSON.stringify(self));
  return note;
}

/** True while a process that still runs uses the stores of a location; forgets those that have died. */
export async function anyUser(location: string): Promise<boolean> {
  const folder = join(location, "users");
  let any = false;
  for (const name of await readdir(folder).catch(() => [])) {
    const user = await readJson<ProcessIdentity>(join(folder, name));
    if (user && isAlive(user)) any = true;
    else await rm(join(folder, name), { force: true });
  }
  return any;
}
