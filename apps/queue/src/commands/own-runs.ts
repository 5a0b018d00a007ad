import { randomBytes } from "node:crypto";
import { runKey } from "../keys.ts";

/**
 * Gives each run of a command a key under which Redis remembers what came of it, and a text that tells it from others that have used
 * that key: a key is used again by the next run, once the answer has come. So there are as many keys as commands in flight, and one whose
 * answer never came has its own.
 */
export function ownRuns() {
  const process = randomBytes(6).toString("base64url");
  const free: string[] = [];
  let keys = 0;
  let runs = 0;
  return async <T>(queue: string, command: (key: string, run: string) => Promise<T>): Promise<T> => {
    const lane = free.pop() ?? `${process}-${++keys}`;
    const reply = await command(runKey(queue, lane), `${++runs}:`);
    free.push(lane);
    return reply;
  };
}
