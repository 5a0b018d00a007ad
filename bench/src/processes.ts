import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A server process under measurement. */
export interface MeasuredServer extends AsyncDisposable {
  pid: number;
  port: number;
  /** CPU time of the process and its children, in microseconds. */
  cpu(): number;
  /** Resident memory of the process and its children, in bytes. */
  memory(): number;
}

const microsecondsPerTick = 10_000;

/** Starts `command` and reads the port from a line `listening PORT` of its output, unless the port is given. */
export async function startServer(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; port?: number } = {},
): Promise<MeasuredServer> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  // A measurement that fails, for example by a closed pipe, must not leave a server running.
  const end = () => child.kill();
  process.once("exit", end);
  const port = options.port ?? (await readPort(child, [command, ...args].join(" ")));
  const pid = child.pid as number;
  return {
    pid,
    port,
    cpu: () => cpuOf(pid),
    memory: () => [pid, ...childrenOf(pid)].reduce((sum, each) => sum + memoryOf(each), 0),
    async [Symbol.asyncDispose]() {
      process.off("exit", end);
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function readPort(child: ChildProcess, what: string): Promise<number> {
  if (!child.stdout) throw new Error("The server's output is not piped.");
  for await (const line of createInterface(child.stdout)) {
    const port = /listening (\d+)/.exec(line)?.[1];
    if (port) {
      child.stdout.resume();
      return Number(port);
    }
  }
  throw new Error(`${what} exited before it listened.`);
}

function statOf(pid: number): { parent: number; ticks: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.parent === pid)
    .map(Number);
}

function cpuOf(pid: number): number {
  const ticks = [pid, ...childrenOf(pid)].reduce((sum, each) => sum + (statOf(each)?.ticks ?? 0), 0);
  return ticks * microsecondsPerTick;
}

/** 0 when the process has ended. */
function memoryOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Waits until a URL responds with 200; throws after 60 s. */
export async function waitUntilReady(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > deadline) throw new Error(`${url} does not respond.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
