import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The operating system's user that a server runs as: its ids, or undefined for ourselves. */
export type Account = { name: string; ids: { uid: number; gid: number } | undefined };

const run = promisify(execFile);

/**
 * Whom a server runs as. Postgres and MariaDB refuse or dislike root, so that root steps down to the first of these
 * users that exists; anybody else runs a server as themselves.
 */
export async function accountFor(names: string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { name: "yourself", ids: undefined };
  for (const name of [...names, "nobody"]) {
    const ids = await lookUp(name);
    if (ids) return { name, ids };
  }
  throw new Error(`None of the users ${names.join(", ")}, nobody exists; a store cannot run as root`);
}

async function lookUp(name: string): Promise<Account["ids"]> {
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
    );
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}
