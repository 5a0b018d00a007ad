import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { lastLines } from "../run-program.ts";

/**
 * Runs a store's client program to its end, as the current user. Passwords are passed in `env`, which other users cannot
 * read; `input` is a file. A failure throws with the last lines of its output; `signal` kills it.
 */
export async function runClient(
  program: string,
  args: string[],
  { env, input, signal }: { env: NodeJS.ProcessEnv; input?: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const file = input === undefined ? undefined : await open(input, "r");
  try {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, LANG: "C.UTF-8", TZ: "UTC", HOME: tmpdir(), ...env },
      stdio: [file?.fd ?? "ignore", "pipe", "pipe"],
      signal,
    });
    let output = "";
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk) => {
        output = (output + chunk).slice(-10_000);
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (code !== 0) throw new Error(`${program} failed (${code ?? "killed"}):\n${lastLines(output, 5)}`);
  } finally {
    await file?.close();
  }
}
