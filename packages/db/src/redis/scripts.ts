import { readFileSync } from "node:fs";
import type { ChainableCommander, Redis } from "ioredis";
import { OutcomeUnknown } from "./send-once.ts";
import { RedisUnavailable } from "./silence-limit.ts";

type Script = (...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** Runs one atomic operation; its file says what it takes and answers. */
export type RunLua<Name extends string> = (
  name: Name,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/**
 * Makes the Lua files of a folder commands of this client, each with its number of keys at the end of its name; a line
 * `-- @include part` stands for `parts/part.lua`. Redis is sent a script's text once per connection. One whose answer was lost is sent
 * once more where `mayRepeat` says so: for those that do nothing the second time, or know their own first run.
 */
export function luaCommands<Name extends string>(
  redis: Redis,
  folder: URL,
  names: readonly Name[],
  mayRepeat: (name: Name) => boolean,
): RunLua<Name> {
  const read = (path: string): string =>
    readFileSync(new URL(path, folder), "utf8").replace(/^-- @include (\w+)$/gm, (_, part: string) =>
      read(`parts/${part}.lua`),
    );
  const scripts = Object.fromEntries(
    names.map((name) => {
      redis.defineCommand(name, { lua: read(`${name}.lua`), numberOfKeys: Number(name.split("-").at(-1)) });
      const script: Script = Reflect.get(redis, name);
      return [name, script];
    }),
  ) as Record<Name, Script>;
  const run: RunLua<Name> = (name, keys, args) => scripts[name].call(redis, ...keys, ...args);
  return (name, keys, args) =>
    run(name, keys, args).catch((error: unknown) => {
      if (!(error instanceof OutcomeUnknown && mayRepeat(name))) throw error;
      return run(name, keys, args).catch((again: unknown) => {
        // What was sent first may have been done all the same.
        throw again instanceof RedisUnavailable ? error : again;
      });
    });
}

const appendScript = "#!lua flags=allow-oom\nreturn redis.call('XADD', KEYS[1], unpack(ARGV))";

/**
 * `XADD` that goes on when the memory of Redis is full: for what is small, soon removed, and must not be missing, as who was signed out. `rest`
 * is what stands behind the key. Redis knows the script by its text, so that it is kept once.
 */
export function addToStream<C extends Redis | ChainableCommander>(
  to: C,
  stream: string,
  ...rest: (string | number)[]
): ReturnType<C["eval"]> {
  return to.eval(appendScript, 1, stream, ...rest) as ReturnType<C["eval"]>;
}
