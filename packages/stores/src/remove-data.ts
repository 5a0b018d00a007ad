import { globSync, lstatSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { killBelow } from "./instance.ts";

/**
 * Kills the servers of every data folder at or below `folder`, and removes the folder and the targets of its `stores`
 * links. For tests: it does not wait for anything.
 */
export function removeData(folder: string): void {
  const elsewhere = globSync("**/stores", { cwd: folder })
    .map((link) => join(folder, link))
    .filter((link) => lstatSync(link).isSymbolicLink())
    .flatMap((link) => realpathIfExists(link));
  for (const each of [...elsewhere, folder]) {
    killBelow(each);
    rmSync(each, { recursive: true, force: true, maxRetries: 9 });
  }
}

function realpathIfExists(link: string): string[] {
  try {
    return [realpathSync(link)];
  } catch {
    return []; // The target does not exist.
  }
}
