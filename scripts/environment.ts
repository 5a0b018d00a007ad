import { join, resolve } from "node:path";

/** The environment of a script. */
export interface Environment {
  /** The repository's root folder. */
  root: string;
  /** The environment variables that are not empty. */
  env: NodeJS.ProcessEnv;
  /** `DATA_DIR`, or `.data` in the repository. */
  dataDir: string;
}

/** Reads the environment once. */
export function readEnvironment(): Environment {
  const root = resolve(import.meta.dirname, "..");
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  return { root, env, dataDir: resolve(env.DATA_DIR ?? join(root, ".data")) };
}
