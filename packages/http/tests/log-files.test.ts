import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { startProcess } from "../src/testing.ts";

const folder = mkdtempSync(join(tmpdir(), "quintet-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const soon = { timeout: 30_000 };

/** Runs a program on two workers that log into `file`; `log` makes one of them write 1,000 lines. */
async function run(file: string, env: Record<string, string>) {
  const program = fileURLToPath(new URL("listening-program.ts", import.meta.url));
  const settings = { PORT: "0", WORKERS: "2", LOG_FILE: file, ...env };
  const { errors } = startProcess([process.execPath, program], settings);
  let port = 0;
  await expect
    .poll(() => (port = Number(/listening on 127.0.0.1:(\d+)/.exec(text(file))?.[1])), soon)
    .toBeGreaterThan(0);
  const log = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/log`, { headers: { Connection: "close" } });
    return response.text();
  };
  return { log, errors };
}

function text(file: string): string {
  return statSync(file, { throwIfNoEntry: false }) ? readFileSync(file, "utf8") : "";
}

it("are put aside at their size and bounded in number, without a line lost, by several processes", async () => {
  const own = join(folder, "own");
  const file = join(own, "quintet.log");
  const { log } = await run(file, { LOG_MAX_MB: "1", LOG_KEEP: "2" });
  const size = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  for (let aside = 0; aside < 3; aside++) {
    while (size() < 1e6) await log();
    await expect.poll(size, soon).toBeLessThan(1e6);
  }
  expect(readdirSync(own).toSorted()).toEqual(["quintet.log", "quintet.log.1", "quintet.log.2"]);
  expect(statSync(`${file}.1`).mode & 0o777).toBe(0o600);
  const numbers = new Map<number, number[]>();
  for (const line of [`${file}.2`, `${file}.1`, file].map(text).join("").trim().split("\n")) {
    const { "process.pid": pid, labels } = JSON.parse(line);
    if (labels?.number === undefined) continue;
    numbers.set(pid, numbers.get(pid) ?? []);
    numbers.get(pid)?.push(labels.number);
  }
  expect(numbers.size).toBe(2);
  for (const seen of numbers.values()) expect(seen).toEqual(seen.map((_, i) => (seen[0] as number) + i));
});

const asRoot = process.getuid?.() === 0 && process.platform === "linux";

it.runIf(asRoot)("say once that their disk is full, and go on when there is space", async () => {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", disk]);
  onTestFinished(() => void execFileSync("umount", ["--lazy", disk]));
  const [file, filler] = [join(disk, "quintet.log"), join(disk, "filler")];
  writeFileSync(filler, Buffer.alloc(256 * 1024));
  const { log, errors } = await run(file, {});
  const told = `The log ${file} cannot be written (ENOSPC); lines are lost until it can\n`;
  const pids = new Set<string>();
  await expect.poll(async () => pids.add(await log()).size === 2 && errors(), soon).toBe(told);
  for (let i = 0; i < 5; i++) await log();
  rmSync(filler);
  await expect
    .poll(async () => (await log()) && text(file), soon)
    .toMatch(/\d+ lines were lost while this log could not/);
  for (const line of text(file).trim().split("\n").slice(-500)) if (line.includes("were lost")) JSON.parse(line);
  expect(errors()).toBe(told);
});
