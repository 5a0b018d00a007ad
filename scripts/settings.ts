import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/**
 * The errors in the settings of these programs, each with its default port (`gateway:8080`). Runs `scripts/check-settings.ts` in its own
 * process.
 */
export async function settingErrors(programs: string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "check-settings.ts"), ...programs], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  return JSON.parse(await Promise.race([text(child.stdout), failed]));
}
