import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Installable, installMissing } from "./install.ts";
import { findPrograms, programFolders } from "./programs.ts";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const engine: Installable = {
  title: "Chromium",
  variable: "CHROMIUM to its path",
  debianPackage: "chromium",
  homebrewFormula: "chromium",
  async find() {
    for (const name of names) {
      const found = await findPrograms([name], programFolders());
      if (found) return { chromium: found[name]! };
    }
    return null;
  },
};

/**
 * The path of a Chromium, for tests of pages: `CHROMIUM` of `env`, or the one on this machine, which is installed first as a
 * store's server program is. No service comes with it.
 */
export async function findChromium(env: NodeJS.ProcessEnv, progress: (line: string) => void): Promise<string> {
  if (env.CHROMIUM) return env.CHROMIUM;
  const dataDir = await mkdtemp(join(tmpdir(), "quintet-chromium-"));
  try {
    await installMissing([engine], dataDir, progress);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return (await engine.find(null))!.chromium!;
}
