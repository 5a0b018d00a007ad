import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import { createSharedFolder } from "./location.ts";
import { findPrograms, programFolders } from "./programs.ts";
import { lastLines } from "./run-program.ts";

/** A program that can be found and installed: an engine's, or a browser for tests. */
export type Installable = Pick<Engine, "title" | "debianPackage" | "homebrewFormula" | "find"> & { variable: string };

/** A package manager, and the command that installs the missing packages. */
export type Installer = { name: string; command: string[] };

/**
 * Installs missing server programs: Debian's packages as root, Homebrew on a Mac. On other systems, and when the
 * installation fails, throws one message that names the alternatives. Starts no system service.
 */
export async function installMissing(
  engines: Installable[],
  dataDir: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const found = await Promise.all(engines.map((engine) => engine.find(null)));
  // Two stores may share a package; it is installed once.
  const missing = engines.filter(
    ({ debianPackage }, i) => !found[i] && engines.findIndex((each) => each.debianPackage === debianPackage) === i,
  );
  if (missing.length === 0) return;
  const titles = missing.map((engine) => engine.title).join(", ");
  const packages = missing.map((engine) => engine.debianPackage).join(" ");
  const alternatives = `set ${missing.map((engine) => engine.variable).join(", ")}, or run docker compose up`;
  const installer = await findInstaller(missing, process.platform, process.getuid?.() === 0, programFolders());
  if (!installer) throw new Error(`${titles} not found on this machine. Install ${packages}, ${alternatives}`);
  progress(`Installing ${titles} (${installer.name}); this takes a minute or two`);
  const log = join(dataDir, "install.log");
  await createSharedFolder(dataDir);
  const code = await run(installer.command, log, signal);
  const stillMissing = (await Promise.all(missing.map((engine) => engine.find(null)))).includes(null);
  if (code === 0 && !stillMissing) return;
  throw new Error(
    `Installing ${titles} failed:\n${lastLines(await readFile(log, "utf8"))}\nInstall ${packages} by hand, ${alternatives}`,
  );
}

/** The package manager of this machine, or null when none is supported. */
export async function findInstaller(
  missing: Installable[],
  platform: NodeJS.Platform,
  root: boolean,
  folders: string[],
): Promise<Installer | null> {
  if (platform === "darwin") {
    const brew = (await findPrograms(["brew"], folders))?.brew;
    return brew
      ? { name: "Homebrew", command: [brew, "install", ...missing.map((each) => each.homebrewFormula)] }
      : null;
  }
  if (platform !== "linux" || !root || !(await findPrograms(["apt-get"], folders))) return null;
  const script = fileURLToPath(new URL("apt-install.sh", import.meta.url));
  return { name: "Debian's packages", command: ["/bin/sh", script, ...missing.map((each) => each.debianPackage)] };
}

/**
 * Runs a command in its own session, with its output in a file: neither Ctrl-C nor the end of this process may leave a
 * package half configured. An abort rejects, and the command continues.
 */
async function run([program, ...args]: string[], log: string, signal?: AbortSignal): Promise<number | null> {
  const file = await open(log, "w", 0o600);
  try {
    const child = spawn(program!, args, { stdio: ["ignore", file.fd, file.fd], detached: true });
    return await new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      child.on("error", reject);
      child.on("exit", resolve);
    });
  } finally {
    await file.close();
  }
}
