import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The operating system user that a server runs as. `ids` is undefined for the current user. */
export type SystemUser = { name: string; ids: { uid: number; gid: number } | undefined };

const run = promisify(execFile);

/**
 * The user that a server runs as. Postgres and MariaDB do not run as root by default, so root switches to the first of
 * these users that exists, or `nobody`; any other user runs servers as itself.
 */
export async function selectSystemUser(names: string[]): Promise<SystemUser> {
  if (process.getuid?.() !== 0) return { name: "the current user", ids: undefined };
  for (const name of [...names, "nobody"]) {
    const ids = await lookUp(name);
    if (ids) return { name, ids };
  }
  throw new Error(`A store cannot run as root, and there is no user ${[...names, "nobody"].join(" or ")}`);
}

async function lookUp(name: string): Promise<SystemUser["ids"]> {
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
    );
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}
