import { join, resolve } from "node:path";

/** What was given to a script from outside. */
export interface Given {
  /** The repository's folder. */
  root: string;
  /** The environment, in which an empty variable counts as absent. */
  env: NodeJS.ProcessEnv;
  /** `DATA_DIR`, or `.data` in the repository. */
  dataDir: string;
}

/** Reads the environment once. */
export function readGiven(): Given {
  const root = resolve(import.meta.dirname, "..");
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  return { root, env, dataDir: resolve(env.DATA_DIR ?? join(root, ".data")) };
}
