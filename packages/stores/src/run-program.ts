import { spawn } from "node:child_process";
import type { Place } from "./engine.ts";

/** The few variables that a server sees: none of ours, none that would change its settings. */
export function serverEnvironment(place: Place): NodeJS.ProcessEnv {
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";
  return { PATH: path, LANG: "C.UTF-8", TZ: "UTC", HOME: place.dir, TMPDIR: place.dir };
}

/** Runs a program as the place's account to its end; a failure throws with the last lines that it printed. */
export async function runProgram(place: Place, program: string, args: string[], input = ""): Promise<void> {
  const child = spawn(program, args, {
    cwd: place.dir,
    env: serverEnvironment(place),
    stdio: "pipe",
    detached: true,
    ...place.account.ids,
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  child.stdin.on("error", () => {}); // A program that has ended early says why by itself.
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} failed (${code ?? "killed"}):\n${lastLines(output)}`);
}

/** The last lines of a text, indented, for an error message. */
export function lastLines(text: string, count = 15): string {
  const lines = text.trimEnd().split("\n").slice(-count);
  return lines.map((line) => `  ${line}`).join("\n");
}
