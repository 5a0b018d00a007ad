import { readFileSync } from "node:fs";
import type { Redis } from "@quintet/db";

/** The atomic operations: the files of this folder, each with its number of keys in its name. */
const commandNames = [
  "ack-9",
  "claim-9",
  "configure-1",
  "depart-3",
  "deposit-9",
  "extend-9",
  "outgoing-3",
  "purge-9",
  "readmit-9",
  "redrive-9",
  "register-2",
  "release-9",
  "send-11",
  "settle-9",
  "unregister-2",
] as const;

export type CommandName = (typeof commandNames)[number];

/** Runs one atomic operation; its file says what it takes and answers. */
export type RunCommand = (
  name: CommandName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

type Script = (...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** Reads the Lua files and makes them commands of this client; Redis is sent a script's text once per connection. */
export function loadCommands(redis: Redis): RunCommand {
  const scripts = Object.fromEntries(
    commandNames.map((name) => {
      redis.defineCommand(name, { lua: readScript(`${name}.lua`), numberOfKeys: Number(name.split("-")[1]) });
      const script: Script = Reflect.get(redis, name);
      return [name, script];
    }),
  ) as Record<CommandName, Script>;
  return (name, keys, args) => scripts[name].call(redis, ...keys, ...args);
}

function readScript(path: string): string {
  const text = readFileSync(new URL(path, import.meta.url), "utf8");
  return text.replace(/^-- @include (\w+)$/gm, (_, part: string) => readScript(`parts/${part}.lua`));
}
