import { join } from "node:path";
import type { StoreName } from "./engine.ts";
import { findRunning } from "./instance.ts";

/**
 * Pauses the server of a private store (SIGSTOP): connections stay open and nothing responds. Disposing of the result
 * resumes it. `location` is that of `openStores`.
 */
export async function pauseStore(location: string, name: StoreName): Promise<Disposable> {
  const server = findRunning(join(location, name));
  if (!server) throw new Error(`No ${name} server is running in ${location}`);
  process.kill(server.pid, "SIGSTOP");
  return { [Symbol.dispose]: () => void process.kill(server.pid, "SIGCONT") };
}
