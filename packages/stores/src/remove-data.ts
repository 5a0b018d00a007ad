import { globSync, lstatSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { killBelow } from "./instance.ts";

/**
 * Ends the servers of every data folder at or below `folder` at once, and removes it with what its links `stores` lead
 * to. For tests: nothing is asked and nothing is waited for.
 */
export function removeData(folder: string): void {
  const elsewhere = globSync("**/stores", { cwd: folder })
    .map((link) => join(folder, link))
    .filter((link) => lstatSync(link).isSymbolicLink())
    .flatMap((link) => realpathOrNone(link));
  for (const each of [...elsewhere, folder]) {
    killBelow(each);
    rmSync(each, { recursive: true, force: true, maxRetries: 9 });
  }
}

function realpathOrNone(link: string): string[] {
  try {
    return [realpathSync(link)];
  } catch {
    return []; // It leads nowhere.
  }
}
