import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import { makeFolder } from "./location.ts";
import { findPrograms, programFolders } from "./programs.ts";
import { lastLines } from "./run-program.ts";

/** A program that can be found and installed: an engine's, or a browser for tests. */
export type Installable = Pick<Engine, "title" | "debianPackage" | "homebrewFormula" | "find"> & { variable: string };

/** How to bring a server program onto this machine: a command and the packages it installs. */
export type Installer = { by: string; command: string[] };

/**
 * Installs the server programs that this machine lacks: Debian's packages as root, Homebrew on a Mac. Elsewhere, and
 * when it fails, it throws one message that names the other ways out. No system service is started by it.
 */
export async function installMissing(
  engines: Installable[],
  dataDir: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const found = await Promise.all(engines.map((engine) => engine.find(null)));
  // Two stores may be of one package, and the first of them names it.
  const missing = engines.filter(
    ({ debianPackage }, i) => !found[i] && engines.findIndex((each) => each.debianPackage === debianPackage) === i,
  );
  if (missing.length === 0) return;
  const titles = missing.map((engine) => engine.title).join(", ");
  const packages = missing.map((engine) => engine.debianPackage).join(" ");
  const waysOut = `set ${missing.map((engine) => engine.variable).join(", ")}, or run docker compose up`;
  const installer = await findInstaller(missing, process.platform, process.getuid?.() === 0, programFolders());
  if (!installer) throw new Error(`${titles} not found on this machine. Install ${packages}, ${waysOut}`);
  progress(`Installing ${titles} (${installer.by}); this takes a minute or two`);
  const log = join(dataDir, "install.log");
  await makeFolder(dataDir);
  const code = await run(installer.command, log, signal);
  const left = (await Promise.all(missing.map((engine) => engine.find(null)))).includes(null);
  if (code === 0 && !left) return;
  throw new Error(
    `Installing ${titles} failed:\n${lastLines(await readFile(log, "utf8"))}\nInstall ${packages} by hand, ${waysOut}`,
  );
}

/** The installer for this machine, or null when there is none. */
export async function findInstaller(
  missing: Installable[],
  platform: NodeJS.Platform,
  root: boolean,
  folders: string[],
): Promise<Installer | null> {
  if (platform === "darwin") {
    const brew = (await findPrograms(["brew"], folders))?.brew;
    return brew ? { by: "Homebrew", command: [brew, "install", ...missing.map((each) => each.homebrewFormula)] } : null;
  }
  if (platform !== "linux" || !root || !(await findPrograms(["apt-get"], folders))) return null;
  const script = fileURLToPath(new URL("apt-install.sh", import.meta.url));
  return { by: "Debian's packages", command: ["/bin/sh", script, ...missing.map((each) => each.debianPackage)] };
}

/**
 * Runs a command in a session of its own, writing to a file: neither a Ctrl-C nor our own end may leave a package half
 * configured.
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
