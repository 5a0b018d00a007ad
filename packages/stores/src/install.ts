import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import { findPrograms, programFolders } from "./programs.ts";
import { lastLines } from "./run-program.ts";

/** How to bring a server program onto this machine: a command and the packages it installs. */
export type Installer = { by: string; command: string[] };

/**
 * Installs the server programs that this machine lacks: Debian's packages as root, Homebrew on a Mac. Elsewhere, and
 * when it fails, it throws one message that names the other ways out. No system service is started by it.
 */
export async function installMissing(engines: Engine[], progress: (line: string) => void): Promise<void> {
  const found = await Promise.all(engines.map((engine) => engine.find(null)));
  const missing = engines.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  const titles = missing.map((engine) => engine.title).join(", ");
  const waysOut = `set ${missing.map((engine) => engine.variable).join(", ")}, or run docker compose up`;
  const installer = await findInstaller(missing, process.platform, process.getuid?.() === 0, programFolders());
  if (!installer) throw new Error(`${titles} not found on this machine. Install it, ${waysOut}`);
  progress(`Installing ${titles} (${installer.by}); this takes a minute or two`);
  const { code, output } = await run(installer.command);
  const left = (await Promise.all(missing.map((engine) => engine.find(null)))).includes(null);
  if (code === 0 && !left) return;
  throw new Error(`Installing ${titles} failed:\n${lastLines(output)}\nInstall it by hand, ${waysOut}`);
}

/** The installer for this machine, or null when there is none. */
export async function findInstaller(
  missing: Engine[],
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

/** In a session of its own: a Ctrl-C, or our own end, must not leave a package half configured. */
function run([program, ...args]: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
