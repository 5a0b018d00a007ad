import { readFileSync } from "node:fs";
import { ConfigError } from "./config-error.ts";
import { closestName, settingNames } from "./setting-names.ts";

const line = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*$/;

/**
 * The environment merged with the settings in `CONFIG_FILE`: lines `NAME=value`, the value quoted or not, empty lines, and comments that
 * begin with `#`. A variable of the environment takes precedence. Throws `ConfigError`, which names every bad line, including names that
 * are not among `names`, and never a value.
 */
export function withSettingsFile(env: NodeJS.ProcessEnv, names: readonly string[] = settingNames): NodeJS.ProcessEnv {
  const path = env.CONFIG_FILE;
  if (!path) return env;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`CONFIG_FILE: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const read: NodeJS.ProcessEnv = {};
  const faults: string[] = [];
  text.split(/\r?\n/).forEach((given, i) => {
    const content = given.trim();
    if (content === "" || content.startsWith("#")) return;
    const found = line.exec(content);
    if (!found?.[1]) {
      faults.push(`line ${i + 1} of CONFIG_FILE is not NAME=value`);
      return;
    }
    if (found[1] in read) faults.push(`line ${i + 1} of CONFIG_FILE sets ${found[1]} again`);
    else if (!isSetting(found[1], names)) faults.push(notASetting(i + 1, found[1], names));
    read[found[1]] = found[2] ?? found[3] ?? found[4] ?? "";
  });
  if (faults.length > 0) throw new ConfigError(faults);
  const given = Object.entries(env).filter(([name, value]) => value || !(name in read));
  for (const [name] of given) {
    delete read[`${name}_FILE`];
    if (name.endsWith("_FILE")) delete read[name.slice(0, -"_FILE".length)];
  }
  return { ...read, ...Object.fromEntries(given) };
}

function isSetting(name: string, names: readonly string[]): boolean {
  return names.includes(name) || (name.endsWith("_FILE") && names.includes(name.slice(0, -"_FILE".length)));
}

/** Used before the settings file is read. */
const environmentOnly = ["CONFIG_FILE", "DATA_DIR", "NODE_OPTIONS", "PATH"];

function notASetting(line: number, name: string, names: readonly string[]): string {
  if (environmentOnly.includes(name)) return `line ${line} of CONFIG_FILE: only the environment can set ${name}`;
  const isFile = name.endsWith("_FILE");
  const nearest = closestName(isFile ? name.slice(0, -"_FILE".length) : name, names);
  const meant = nearest ? `; did you mean ${nearest}${isFile ? "_FILE" : ""}?` : "";
  return `line ${line} of CONFIG_FILE: ${name} is not a setting${meant}`;
}
