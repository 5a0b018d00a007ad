import { readFileSync } from "node:fs";

const line = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*$/;

/**
 * The environment with the settings of the file that `CONFIG_FILE` names beneath it: lines `NAME=value`, the value in quotes or
 * not, empty lines and lines that begin with `#`. What the environment says itself stands. Throws an error of one line that
 * names what is wrong in the file, and never a value.
 */
export function withSettingsFile(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = env.CONFIG_FILE;
  if (!path) return env;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsFileError(`CONFIG_FILE cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  const read: NodeJS.ProcessEnv = {};
  text.split(/\r?\n/).forEach((given, i) => {
    const content = given.trim();
    if (content === "" || content.startsWith("#")) return;
    const found = line.exec(content);
    if (!found?.[1]) throw new SettingsFileError(`Line ${i + 1} of CONFIG_FILE is not NAME=value.`);
    if (found[1] in read) throw new SettingsFileError(`Line ${i + 1} of CONFIG_FILE sets ${found[1]} again.`);
    read[found[1]] = found[2] ?? found[3] ?? found[4] ?? "";
  });
  for (const name of ["CONFIG_FILE", "NODE_OPTIONS", "PATH"]) {
    if (name in read) throw new SettingsFileError(`CONFIG_FILE cannot set ${name}.`);
  }
  const given = Object.entries(env).filter(([name, value]) => value || !(name in read));
  for (const [name] of given) {
    delete read[`${name}_FILE`];
    if (name.endsWith("_FILE")) delete read[name.slice(0, -"_FILE".length)];
  }
  return { ...read, ...Object.fromEntries(given) };
}

class SettingsFileError extends Error {
  override name = "ConfigError";
}
