import { apps, issuer } from "../../src/apps.ts";
import { loadConfig } from "../../src/config.ts";

/** Which settings each program reads, found out by letting it read them. */
export const settingsOf = new Map<string, Set<string>>([
  ["gateway", namesRead(loadConfig, issuer.configure)],
  ...apps.map(({ name, configure }) => [name, namesRead(configure, issuer.configure)] as const),
]);

function namesRead(...loads: ((env: NodeJS.ProcessEnv) => unknown)[]): Set<string> {
  const names = new Set<string>();
  // Each may also lie in a file, so each is asked for by its NAME_FILE.
  const get = (_env: object, name: string | symbol) => {
    if (typeof name === "string" && name.endsWith("_FILE")) names.add(name.slice(0, -"_FILE".length));
  };
  for (const load of loads) {
    try {
      load(new Proxy({}, { get }));
    } catch {
      // Some are missing; all were asked for.
    }
  }
  return names;
}
