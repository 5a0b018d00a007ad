import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

type Env = Record<string, string | undefined>;

const mostBytes = 64 * 1024;

/**
 * The settings, with those read that lie in files, as containers pass secrets: where `NAME_FILE` is set for one of `names`, the result
 * has the content of that file as `NAME`, without a line end at its end. Each fault is a line that names the variable, never its
 * value.
 */
export function readSettingFiles(env: Env, names: Iterable<string>): { env: Env; faults: string[] } {
  const known = new Set(names);
  const read = { ...env };
  const faults: string[] = [];
  for (const name of known) {
    const variable = `${name}_FILE`;
    const path = env[variable];
    if (!path || known.has(variable)) continue;
    delete read[variable];
    try {
      if (env[name]) throw new Fault(`${name} is set as well; set only one of them`);
      read[name] = contentOf(path);
    } catch (error) {
      faults.push(`${variable}: ${reasonOf(error)}`);
    }
  }
  return { env: read, faults };
}

/** `given`, with the defaults for what is set in it neither directly nor by a file. */
export function withDefaults(defaults: Env, given: Env): Env {
  const missing = Object.entries(defaults).filter(([name]) => !given[name] && !given[`${name}_FILE`]);
  return { ...given, ...Object.fromEntries(missing) };
}

class Fault extends Error {}

function contentOf(path: string): string {
  // A pipe without a writer would block the start forever.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Fault("is not a regular file");
    if (found.size > mostBytes) throw new Fault(`the file is larger than ${mostBytes} bytes`);
    const text = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    if (text === "") throw new Fault("the file is empty");
    return text;
  } finally {
    closeSync(file);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Fault) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "the file is not readable by this user";
  return `the file cannot be read (${code})`;
}
