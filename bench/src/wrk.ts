import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findTool } from "@quintet/stores/testing";

export interface Load {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Bodies that are sent in turn, instead of `body`. */
  bodies?: string[];
  connections?: number;
}

export interface LoadResult {
  requestsPerSecond: number;
  requests: number;
  /** In milliseconds. */
  p99: number;
}

const run = promisify(execFile);

/** Loads a URL with wrk on one thread for `seconds`, which may be a fraction; throws when a response is not 2xx. */
export async function wrk(load: Load, seconds: number): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), "quintet-wrk-"));
  const script = join(folder, "request.lua");
  const headers = Object.entries(load.headers ?? {}).map(
    ([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`,
  );
  const lines = [`wrk.method = ${lua(load.method ?? "GET")}`, ...headers];
  if (load.body) lines.push(`wrk.body = ${lua(load.body)}`);
  if (load.bodies) {
    lines.push(`local bodies, turn = {${load.bodies.map(lua).join(", ")}}, 0`);
    lines.push("request = function() turn = turn % #bodies + 1 return wrk.format(nil, nil, nil, bodies[turn]) end");
  }
  const args = ["-t1", `-c${load.connections ?? 32}`, `-d${Math.ceil(seconds)}s`, "--latency", "-s", script, load.url];
  let stdout: string;
  try {
    await writeFile(script, lines.join("\n"));
    stdout = await report(await findTool("wrk", process.env, console.log), args, seconds);
  } finally {
    await rm(folder, { recursive: true });
  }
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${load.url} returned errors:\n${stdout}`);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    p99: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
  };
}

/** What wrk reports. It knows whole seconds only; interrupted after a fraction, it reports what it has measured by then. */
async function report(wrk: string, args: string[], seconds: number): Promise<string> {
  const running = run(wrk, args);
  const end = Number.isInteger(seconds) ? undefined : setTimeout(() => running.child.kill("SIGINT"), seconds * 1000);
  try {
    return (await running).stdout;
  } catch (error) {
    // It had not begun yet.
    if ((error as { signal?: string }).signal === "SIGINT") return report(wrk, args, Math.min(2 * seconds, 1));
    throw error;
  } finally {
    clearTimeout(end);
  }
}

function lua(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function milliseconds(match: RegExpExecArray | null): number {
  const factor = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? "ms"] ?? 1;
  return Number(match?.[1]) * factor;
}
