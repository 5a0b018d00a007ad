import type { ChainableCommander, Redis } from "ioredis";

const script = "#!lua flags=allow-oom\nreturn redis.call('XADD', KEYS[1], unpack(ARGV))";

/**
 * `XADD` that goes on when the memory of Redis is full: for what is small, soon removed, and must not be missing, as who was signed out. `rest`
 * is what stands behind the key. Redis knows the script by its text, so that it is kept once.
 */
export function addToStream<C extends Redis | ChainableCommander>(
  to: C,
  stream: string,
  ...rest: (string | number)[]
): ReturnType<C["eval"]> {
  return to.eval(script, 1, stream, ...rest) as ReturnType<C["eval"]>;
}
