import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { OpenQueue } from "./open-queue.ts";

/** A process that can be killed. */
interface LeadingProcess extends AsyncDisposable {
  kill(): Promise<void>;
}

/** Starts a process that takes part in the work of the leader, on the keys of this app. */
export async function startLeading({ prefix }: OpenQueue, settings: Record<string, string>): Promise<LeadingProcess> {
  const program = fileURLToPath(new URL("leading-process.ts", import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...settings, REDIS_URL: inject("redisUrl"), REDIS_PREFIX: prefix },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await exit;
  };
  await once(createInterface({ input: child.stdout }), "line");
  return { kill, [Symbol.asyncDispose]: kill };
}
