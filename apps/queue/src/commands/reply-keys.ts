import { randomBytes } from "node:crypto";
import { replyKey } from "../keys.ts";

/**
 * Gives each run of a command a key under which Redis stores its reply, and a run id that tells it from other runs with the same key:
 * a key is used again once its reply has arrived. So there are as many keys as commands in flight. The key of a run whose reply never
 * arrives is not used again.
 */
export function replyKeys() {
  const processId = randomBytes(6).toString("base64url");
  const freeSlots: string[] = [];
  let slots = 0;
  let runs = 0;
  return async <T>(queue: string, command: (key: string, runId: string) => Promise<T>): Promise<T> => {
    const slot = freeSlots.pop() ?? `${processId}-${++slots}`;
    const reply = await command(replyKey(queue, slot), `${++runs}:`);
    freeSlots.push(slot);
    return reply;
  };
}
