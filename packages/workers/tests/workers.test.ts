import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Agent, get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, it, onTestFinished } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "quintet-workers-"));
afterAll(() => rmSync(folder, { recursive: true }));

let port: number;
let parent: ChildProcess;
let output = "";
let ended: Promise<[number | null, string | null]>;
afterEach(async () => {
  parent.kill("SIGKILL");
  await ended;
});

async function until(condition: () => unknown): Promise<void> {
  for (const from = performance.now(); !(await condition()); ) {
    if (performance.now() - from > 20_000) throw new Error(`Not in time: ${condition}\n${output}`);
    await pause(5);
  }
}

/** Modules that were compiled before need not be compiled again. */
const { NODE_COMPILE_CACHE } = process.env;
const compiled = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };

/** Whether nothing listens on `port`, which is below those that the system gives to connections: none gets it meanwhile. */
async function isFree(): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const listens = await once(server, "listening").then(
    () => true,
    () => false,
  );
  if (listens) await once(server.close(), "close");
  return listens;
}

/** Starts the small program; resolves when `workers` of it serve. */
async function run(env: Record<string, string>, workers = 1): Promise<void> {
  do port = 10_000 + Math.floor(Math.random() * 20_000);
  while (!(await isFree()));
  output = "";
  parent = spawn(process.execPath, [fileURLToPath(new URL("small-program.ts", import.meta.url))], {
    env: { ...compiled, PORT: String(port), WORKERS: String(workers), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  ended = once(parent, "exit") as typeof ended;
  for (const stream of [parent.stdout, parent.stderr]) {
    stream?.on("data", (bytes) => {
      output += bytes;
    });
  }
  if (env.BAD || env.BREAKS_AT_START || env.BREAKS_LATER) return;
  const seen = new Set<number>();
  await until(async () => {
    const answers = await Promise.all(Array.from({ length: workers }, () => who().catch(() => undefined)));
    for (const answer of answers) if (answer) seen.add(answer.pid);
    return seen.size === workers;
  });
}

/** A GET on a connection of its own. */
function fetchText(path: string, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, async (response) => {
      resolve((await response.toArray()).join(""));
    }).on("error", reject);
  });
}

async function who(): Promise<{ pid: number; ppid: number; first: boolean; colour?: string }> {
  return JSON.parse(await fetchText("/"));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Until so many requests wait, on all workers together. */
async function untilWaiting(count: number): Promise<void> {
  const seen = new Map<number, number>();
  await until(async () => {
    const { pid, waiting } = JSON.parse(await fetchText("/waiting"));
    seen.set(pid, waiting);
    return [...seen.values()].reduce((sum, one) => sum + one, 0) === count;
  });
}

/** Keeps sending requests, four at a time, until `stop`; rejects when one fails. */
function load() {
  let over = false;
  const seen: Awaited<ReturnType<typeof who>>[] = [];
  const ask = async () => {
    while (!over) seen.push(await who());
  };
  const asking = Promise.all([ask(), ask(), ask(), ask()]);
  asking.catch(() => {});
  return {
    seen,
    async stop() {
      over = true;
      await asking;
    },
  };
}

it("serves one port with several processes, exactly one of them the first", async () => {
  await run({}, 3);
  const found = new Map<number, boolean>();
  await until(async () => {
    for (const { pid, first } of await Promise.all(Array.from({ length: 20 }, who))) found.set(pid, first);
    return found.size === 3;
  });
  expect([...found.values()].filter(Boolean)).toHaveLength(1);
  parent.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  await until(() => ![...found.keys()].some(isAlive));
});

it("fails no request while a killed worker is restarted", async () => {
  await run({});
  const { pid } = await who();
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid));
  const after = await Promise.all(Array.from({ length: 20 }, who));
  expect(after.map(({ first }) => first)).not.toContain(false);
  expect(after.map((one) => one.pid)).not.toContain(pid);
  expect(output).toContain("A worker ended by SIGKILL. Starting another one.");
});

it.each([
  ["/throw", "uncaughtException", "thrown outside a request"],
  ["/reject", "unhandledRejection", "rejected"],
])("lets requests in flight finish after %s, and restarts the worker", async (path, origin, message) => {
  await run({ LINGER_MS: "200" });
  const { pid } = await who();
  const held = fetchText("/wait?name=a");
  await untilWaiting(1);
  await fetchText(path);
  const [successor, own] = await Promise.all([who(), held]);
  expect(own).toBe(String(pid));
  expect(successor.pid).not.toBe(pid);
  await until(() => !isAlive(pid));
  expect(output).toContain(`"event":{"action":"${origin}"}`);
  expect(output).toContain("A worker ended by an uncaught error.");
  expect(output).not.toContain(`${message}\n    at`);
});

it("does not affect requests in flight on other workers when one fails", async () => {
  await run({ LINGER_MS: "100" }, 2);
  const pids = new Set((await Promise.all(Array.from({ length: 40 }, who))).map(({ pid }) => pid));
  const asking = load();
  for (let round = 0; round < 3; round++) {
    await fetchText("/throw");
    await until(() => output.split("was restarted and serves").length === round + 2);
  }
  await asking.stop();
  expect(new Set(asking.seen.map(({ pid }) => pid)).size).toBeGreaterThan(pids.size);
});

/** The sum of all workers' counters, and the workers that reported. */
async function counted(): Promise<{ sum: number; pids: number[] }> {
  const reports: { counters: Record<string, number>; state: number | null }[] = JSON.parse(await fetchText("/counted"));
  return {
    sum: reports.reduce((sum, one) => sum + (one.counters.requests ?? 0), 0),
    pids: reports.flatMap(({ state }) => state ?? []),
  };
}

it("keeps serving when the reader of its log is gone", async () => {
  await run({});
  const { pid } = await who();
  parent.stdout?.destroy();
  parent.stderr?.destroy();
  await fetchText("/throw");
  const other = async () => (await who().catch(() => undefined))?.pid;
  await until(async () => ![undefined, pid].includes(await other()));
});

it("kills workers that hang, with their connections, but none that a debugger may have paused", async () => {
  await run({}, 3);
  const reset = (path: string) => fetchText(path).catch((error) => error.code);
  const debugged = Number(await fetchText("/debug"));
  onTestFinished(() => void process.kill(debugged, "SIGKILL"));
  process.kill(debugged, "SIGSTOP");
  const held = reset("/wait?name=a");
  let stopped = 0;
  await until(async () => {
    const { pid, waiting } = JSON.parse(await fetchText("/waiting"));
    if (waiting === 1) stopped = pid;
    return stopped;
  });
  process.kill(stopped, "SIGSTOP");
  const looped = reset("/loop");
  expect(await Promise.all([held, looped])).toEqual(["ECONNRESET", "ECONNRESET"]);
  expect([debugged, stopped]).not.toContain((await who()).pid);
  expect(output).toContain(`Worker ${stopped} has not responded for 10 s and is killed.`);
  expect(output).not.toContain(`Worker ${debugged} `);
  expect(isAlive(debugged)).toBe(true);
}, 120_000);

it("keeps the counters of workers that have ended", async () => {
  await run({}, 2);
  const count = () => Promise.all(Array.from({ length: 20 }, () => fetchText("/count")));
  await count();
  expect(await counted()).toMatchObject({ sum: 20, pids: [expect.any(Number), expect.any(Number)] });
  await fetchText("/throw");
  await until(async () => output.includes("was restarted and serves"));
  await count();
  await until(async () => (await counted()).pids.length === 2);
  const { sum, pids } = await counted();
  expect(sum).toBe(40);
  process.kill(pids[0] as number, "SIGKILL");
  await until(async () => output.split("was restarted and serves").length === 3);
  await until(async () => (await counted()).pids.length === 2);
  expect((await counted()).sum).toBe(40);
  parent.kill("SIGHUP");
  await until(() => output.includes("2 serve with the current settings"));
  await until(async () => (await counted()).pids.length === 2);
  expect(await counted()).toMatchObject({ sum: 40, pids: expect.not.arrayContaining(pids) });
}, 60_000);

it("gives up when workers keep exiting", async () => {
  await run({ BREAKS_LATER: "yes" });
  expect(await ended).toEqual([1, null]);
  expect(output).toContain("Workers keep exiting; giving up.");
}, 60_000);

it.each([
  [{ BAD: "must be good" }, /^Bad settings: BAD: must be good\. See \.env\.example\.\n$/],
  [{ BREAKS_AT_START: "yes" }, /A worker ended with status 1 before it served|It breaks at its start/],
])("exits at once when it cannot start: %o", async (env, told) => {
  await run(env);
  expect(await ended).toEqual([1, null]);
  expect(output).toMatch(told);
});

it("applies a changed settings file without a failed request, and rejects a bad one", async () => {
  const file = join(folder, "settings");
  const write = (text: string) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  write("# colours\nCOLOUR=red\n");
  await run({ CONFIG_FILE: file }, 2);
  const asking = load();
  write("COLOUR=green\n");
  await until(() => output.includes("2 serve with the current settings"));
  await until(async () => (await who()).colour === "green");
  write("COLOUR green\n");
  await until(() =>
    output.includes("The settings were not changed. Bad settings: line 1 of CONFIG_FILE is not NAME=value."),
  );
  write("COLOR=blue\nLINGERING=1\nWOKRERS_FILE=a\nPATH=/tmp\n");
  const faults = [
    "line 1 of CONFIG_FILE: COLOR is not a setting; did you mean COLOUR?",
    "line 2 of CONFIG_FILE: LINGERING is not a setting",
    "line 3 of CONFIG_FILE: WOKRERS_FILE is not a setting; did you mean WORKERS_FILE?",
    "line 4 of CONFIG_FILE: only the environment can set PATH",
  ];
  await until(() => output.includes(`The settings were not changed. Bad settings: ${faults.join("; ")}.`));
  write("COLOUR=blue\nBAD='must be good'\n");
  await until(() => output.includes("The settings were not changed. Bad settings: BAD: must be good."));
  expect((await who()).colour).toBe("green");
  write("COLOUR=blue\n");
  await until(async () => (await who()).colour === "blue");
  await asking.stop();
  const colours = new Set(asking.seen.map(({ colour }) => colour));
  expect(colours.has("red") && colours.has("green")).toBe(true);
}, 60_000);

it.each(["SIGHUP", "SIGUSR2"] as const)("replaces its workers on %s, as many as the settings say", async (signal) => {
  const file = join(folder, signal);
  writeFileSync(file, "WORKERS=1\n");
  await run({ CONFIG_FILE: file, WORKERS: "" });
  const before = await who();
  const held = fetchText("/wait?name=a");
  await untilWaiting(1);
  parent.kill(signal);
  await until(() => output.includes("1 serve with the current settings"));
  expect(await held).toBe(String(before.pid));
  expect((await who()).pid).not.toBe(before.pid);
});

it("stops on SIGHUP when its terminal is closed", async () => {
  await run({ WORKERS: "1", LINGER_MS: "200" });
  parent.kill("SIGKILL");
  await ended;
  const program = fileURLToPath(new URL("small-program.ts", import.meta.url));
  const command = `exec "${process.execPath}" "${program}"`;
  parent = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  ended = once(parent, "exit") as typeof ended;
  await until(() => who().catch(() => undefined));
  const { ppid } = await who();
  const held = fetchText("/wait?name=a");
  await untilWaiting(1);
  process.kill(ppid, "SIGHUP");
  expect(Number(await held)).toBeGreaterThan(0);
  expect(await ended).toEqual([0, null]);
});

it("logs with WORKERS=0 that SIGHUP changes nothing", async () => {
  await run({ WORKERS: "0" });
  parent.kill("SIGHUP");
  await until(() => output.includes("With WORKERS=0 settings are read at the start only"));
  expect((await who()).pid).toBe(parent.pid);
});

it("drains on SIGTERM", async () => {
  await run({ LINGER_MS: "200" }, 2);
  const held = Array.from({ length: 6 }, (_, i) => fetchText(`/wait?name=${i}`));
  await untilWaiting(6);
  parent.kill("SIGTERM");
  expect((await Promise.all(held)).every((pid) => Number(pid) > 0)).toBe(true);
  expect(await ended).toEqual([0, null]);
});

it("does not wait for a worker that is still loading when it stops", async () => {
  const blocks = join(folder, "blocks");
  await run({ BLOCKS_LOADING: blocks, DRAIN_SECONDS: "600" });
  const { pid } = await who();
  writeFileSync(blocks, "");
  process.kill(pid, "SIGKILL");
  await until(() => / loads\n/.test(output));
  parent.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  await until(() => !isAlive(Number(/(\d+) loads\n/.exec(output)?.[1])));
});

it("leaves no worker running when the parent is killed", async () => {
  await run({}, 2);
  const pids = new Set<number>();
  await until(async () => pids.add((await who()).pid) && pids.size === 2);
  parent.kill("SIGKILL");
  await until(() => ![...pids].some(isAlive));
});

it.each(["0", "1"])("prints with WORKERS=%s why it could not start, and exits with status 1", async (workers) => {
  await run({ WORKERS: workers, BREAKS_AT_START: "yes" });
  expect(await ended).toEqual([1, null]);
  expect(output).toContain("It breaks at its start.");
});

it("serves in one process with WORKERS=0, and exits with status 1 after an uncaught error", async () => {
  await run({ WORKERS: "0" });
  expect((await who()).pid).toBe(parent.pid);
  expect((await who()).first).toBe(true);
  await fetchText("/throw");
  expect(await ended).toEqual([1, null]);
});
