import { spawn } from "node:child_process";
import type { InstanceConfig } from "./engine.ts";

/** The environment of a server: none of our variables, none that would change its settings. */
export function serverEnvironment(instance: InstanceConfig): NodeJS.ProcessEnv {
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";
  return { PATH: path, LANG: "C.UTF-8", TZ: "UTC", HOME: instance.dir, TMPDIR: instance.dir };
}

/** Runs a program to its end, as the instance's user. A failure throws with the last lines of its output. */
export async function runProgram(instance: InstanceConfig, program: string, args: string[], input = ""): Promise<void> {
  const child = spawn(program, args, {
    cwd: instance.dir,
    env: serverEnvironment(instance),
    stdio: "pipe",
    detached: true,
    ...instance.user.ids,
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  child.stdin.on("error", () => {}); // A program that exits early prints the reason.
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
