import * as directory from "@quintet/directory";
import * as ingest from "@quintet/ingest";
import * as properties from "@quintet/properties";
import * as queue from "@quintet/queue";
import * as social from "@quintet/social";
import { loadConfig } from "../../src/config.ts";

/** Which settings each program reads, found out by letting it read them. */
export const settingsOf: Record<string, Set<string>> = {
  gateway: namesRead(loadConfig),
  properties: namesRead(properties.loadConfig),
  ingest: namesRead(ingest.loadConfig),
  directory: namesRead(directory.loadConfig),
  queue: namesRead(queue.loadConfig),
  social: namesRead(social.loadConfig),
};

function namesRead(load: (env: NodeJS.ProcessEnv) => unknown): Set<string> {
  const names = new Set<string>();
  // Each may also lie in a file, so each is asked for by its NAME_FILE.
  const get = (_env: object, name: string | symbol) => {
    if (typeof name === "string" && name.endsWith("_FILE")) names.add(name.slice(0, -"_FILE".length));
  };
  try {
    load(new Proxy({}, { get }));
  } catch {
    // Some are missing; all were asked for.
  }
  return names;
}
