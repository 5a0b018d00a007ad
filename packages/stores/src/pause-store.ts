import { join } from "node:path";
import type { StoreName } from "./engine.ts";
import { running } from "./instance.ts";

/**
 * Lets the server of a private store stand still (SIGSTOP): connections stay open and nothing responds. It goes on when that is
 * disposed of. `location` is that of `openStores`.
 */
export async function pauseStore(location: string, name: StoreName): Promise<Disposable> {
  const server = running(join(location, name));
  if (!server) throw new Error(`No server of ${name} runs in ${location}`);
  process.kill(server.pid, "SIGSTOP");
  return { [Symbol.dispose]: () => void process.kill(server.pid, "SIGCONT") };
}
