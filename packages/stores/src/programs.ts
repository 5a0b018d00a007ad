import { access, constants, readdir } from "node:fs/promises";
import { join } from "node:path";

const STANDARD_FOLDERS = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/opt/homebrew/bin",
  "/opt/homebrew/sbin",
];

/** Where to look for a program: the PATH, then the standard folders (a normal user's PATH often lacks /usr/sbin). */
export function programFolders(path = process.env.PATH ?? ""): string[] {
  return [...new Set([...path.split(":").filter((folder) => folder.startsWith("/")), ...STANDARD_FOLDERS])];
}

/** The full path of each program, from the first folder that contains it, or null when one is missing. */
export async function findPrograms(names: string[], folders: string[]): Promise<Record<string, string> | null> {
  const found: Record<string, string> = {};
  for (const name of names) {
    for (const folder of folders) {
      if (await isExecutable(join(folder, name))) {
        found[name] = join(folder, name);
        break;
      }
    }
    if (!(name in found)) return null;
  }
  return found;
}

/** Folders `<parent>/<anything that matches>/bin`, the highest version first. */
export async function versionedFolders(parent: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(parent).catch(() => []);
  return names
    .filter((name) => pattern.test(name))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
    .map((name) => join(parent, name, "bin"));
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
