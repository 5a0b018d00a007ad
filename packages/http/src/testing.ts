import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import type { ProblemBody } from "./errors/problem.ts";

/** Waits until `look` returns something other than undefined, null, false or 0, and returns it; fails after 20 s. */
export async function until<T>(look: () => T | Promise<T>): Promise<Exclude<Awaited<T>, undefined | null | false>> {
  for (const from = performance.now(); ; ) {
    const found = await look();
    if (found) return found as Exclude<Awaited<T>, undefined | null | false>;
    if (performance.now() - from > 20_000) throw new Error(`Not within 20 s: ${look}`);
    await pause(5);
  }
}

/** A response whose body was read. */
export interface TestResponse {
  status: number;
  headers: Headers;
  text: string;
  json<T = Record<string, unknown>>(): T;
}

/** What a request of a test has besides method and path; `json` is sent as JSON, `body` as it is. */
export interface TestRequest {
  /** The value of `Authorization`. */
  authorization?: string | undefined;
  json?: unknown;
  body?: RequestInit["body"];
  headers?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
}

/** Anything that handles requests as a Hono app does. */
interface App {
  request(path: string, init: RequestInit): Response | Promise<Response>;
}

/** Sends a request to an app in this process, without a socket; the body of the response is not read. */
export async function requestApp(app: App, method: string, path: string, sent: TestRequest = {}): Promise<Response> {
  const { authorization, json, body, headers, signal } = sent;
  return app.request(path, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(body === undefined || body === null ? {} : { body, duplex: "half" }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The same with its body. */
export async function readResponse(response: Response): Promise<TestResponse> {
  const { status, headers } = response;
  const text = await response.text();
  return { status, headers, text, json: <T>() => JSON.parse(text) as T };
}

/** What is looked at of a response to see that it is a problem. */
interface ProblemResponse {
  status: number;
  headers: Headers | Record<string, string | string[] | undefined>;
  text: string;
}

/** What must never leave the process: a stack, a path of its files, a statement or an error of a store. */
const telltale =
  /\n\s+at |node_modules|file:\/\/|\.ts:\d|\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) |ER_[A-Z]|SQLSTATE|ECONN|WRONGTYPE|[\w.]+:\d{4,5}\b/;

/** Expects a whole RFC 9457 problem with this status; each of `paths` must be the path of one of its errors. */
export function expectProblem(response: ProblemResponse, status: number, ...paths: string[]): ProblemBody {
  const seen = `${response.status} ${response.text.slice(0, 500)}`;
  expect(response.status, seen).toBe(status);
  expect(problemFaults(response), seen).toEqual([]);
  const problem = JSON.parse(response.text) as ProblemBody;
  if (paths.length > 0)
    expect(problem.errors?.map(({ path }) => path) ?? [], seen).toEqual(expect.arrayContaining(paths));
  return problem;
}

/** What keeps a response from being a whole problem, in words. */
export function problemFaults({ status, headers, text }: ProblemResponse): string[] {
  const header = (name: string) => (headers instanceof Headers ? headers.get(name) : headers[name]) ?? undefined;
  const faults: string[] = [];
  const check = (fine: boolean, fault: string) => {
    if (!fine) faults.push(fault);
  };
  check(header("content-type") === "application/problem+json", `content type ${header("content-type")}`);
  check(!telltale.test(text), "it shows internals");
  let body: Partial<ProblemBody>;
  try {
    body = JSON.parse(text);
  } catch {
    return [...faults, "it is not JSON"];
  }
  for (const field of ["type", "title", "detail", "instance", "requestId"] as const) {
    check(typeof body[field] === "string" && body[field] !== "", `no ${field}`);
  }
  check(URL.canParse(body.type ?? ""), "its type is not a URI");
  check(body.status === status, `status ${body.status} in the body`);
  check(body.requestId === header("x-request-id"), "another request id in the headers");
  check(status !== 401 || /Bearer.*Basic/.test(String(header("www-authenticate"))), "no WWW-Authenticate");
  check(status !== 405 || header("allow") !== undefined, "no Allow");
  for (const error of body.errors ?? []) {
    check(typeof error.path === "string" && typeof error.message === "string", "an error without path or message");
  }
  return faults;
}

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** A port that another server has until the test is over. */
export async function takenPort(host = "127.0.0.1"): Promise<number> {
  const server = createServer((_, response) => response.end("another program"));
  server.listen({ host, port: 0, ipv6Only: host === "::1" });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A program that runs as a process of its own. */
export interface TestProcess {
  child: ChildProcess;
  /** Its exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** What it wrote to stdout so far. */
  out(): string;
  errors(): string;
}

/** What a program of a test gets of this process's environment: where programs are, and modules that were compiled before. */
export function bareEnvironment(): Record<string, string> {
  const { PATH = "", NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? { PATH } : { PATH, NODE_COMPILE_CACHE };
}

/** Runs a command with no environment but `PATH` and `env`; it gets `signal` when the test is over. */
export function startProcess(
  command: readonly [string, ...string[]],
  env: Record<string, string>,
  signal: NodeJS.Signals = "SIGTERM",
): TestProcess {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: { ...bareEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (bytes) => {
    out += bytes;
  });
  child.stderr.on("data", (bytes) => {
    errors += bytes;
  });
  const ended = once(child, "close").then(([code, by]) => code ?? by);
  onTestFinished(async () => {
    child.kill(signal);
    await ended;
  });
  return { child, ended, out: () => out, errors: () => errors };
}
