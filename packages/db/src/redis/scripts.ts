import { readFileSync } from "node:fs";
import { type ChainableCommander, Command } from "ioredis";
import type { Redis } from "./client.ts";
import { replicateScript } from "./replication.ts";
import { OutcomeUnknown } from "./send-once.ts";
import { RedisUnavailable } from "./silence-limit.ts";

type Script = (...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** Runs a script; its file documents keys, arguments and result. */
export type RunLua<Name extends string> = (
  name: Name,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/**
 * Defines the Lua files of a folder as commands of this client. A name ends in its number of keys; a line `-- @include
 * part` includes `parts/part.lua`. The text of a script is sent once per connection. A script whose reply was lost is
 * repeated if `mayRepeat` allows it: if it does nothing the second time, or recognises its first run. One that
 * `mustReplicate` names resolves once enough replicas have it, if the client waits for replication. The keys of a script
 * must share a hash tag, so that a cluster has them on one node: its first run checks that, on any Redis.
 */
export function luaCommands<Name extends string>(
  redis: Redis,
  folder: URL,
  names: readonly Name[],
  mayRepeat: (name: Name) => boolean,
  mustReplicate: (name: Name) => boolean = () => false,
): RunLua<Name> {
  const read = (path: string): string =>
    readFileSync(new URL(path, folder), "utf8").replace(/^-- @include (\w+)$/gm, (_, part: string) =>
      read(`parts/${part}.lua`),
    );
  const scripts = Object.fromEntries(
    names.map((name) => {
      redis.defineCommand(name, { lua: read(`${name}.lua`), numberOfKeys: Number(name.split("-").at(-1)) });
      if (mustReplicate(name)) replicateScript(redis, name);
      const script: Script = Reflect.get(redis, name);
      return [name, script];
    }),
  ) as Record<Name, Script>;
  const unchecked = new Set<Name>(names);
  const run: RunLua<Name> = (name, keys, args) => scripts[name].call(redis, ...keys, ...args);
  return (name, keys, args) => {
    if (unchecked.delete(name)) checkOneSlot(name, keys, redis.options.keyPrefix ?? "");
    return run(name, keys, args).catch((error: unknown) => {
      if (!(error instanceof OutcomeUnknown && mayRepeat(name))) throw error;
      return run(name, keys, args).catch((again: unknown) => {
        // The first run may have been executed nevertheless.
        throw again instanceof RedisUnavailable ? error : again;
      });
    });
  };
}

function checkOneSlot(script: string, keys: readonly string[], prefix: string): void {
  const slots = keys.map((key) => new Command("get", [prefix + key]).getSlot());
  if (new Set(slots).size > 1) {
    throw new Error(`The keys of ${script} must share a hash tag: ${keys.join(", ")}`);
  }
}

const appendScript = "#!lua flags=allow-oom\nreturn redis.call('XADD', KEYS[1], unpack(ARGV))";

/**
 * `XADD` that works even when the memory of Redis is full, for small entries that must not be lost, such as
 * revocations. `rest` are the arguments after the key. Redis caches the script by its text.
 */
export function addToStream<C extends Redis | ChainableCommander>(
  to: C,
  stream: string,
  ...rest: (string | number)[]
): ReturnType<C["eval"]> {
  return to.eval(appendScript, 1, stream, ...rest) as ReturnType<C["eval"]>;
}
