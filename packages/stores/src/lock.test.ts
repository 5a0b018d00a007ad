import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { tryLock, withLock } from "./lock.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("is held by one holder at a time", async () => {
  const file = join(folder, "one");
  const seen: string[] = [];
  const work = (name: string) =>
    withLock(file, async () => {
      seen.push(`${name} in`);
      expect(tryLock(file)).toBeNull();
      seen.push(`${name} out`);
    });
  await Promise.all([work("a"), work("b")]);
  expect([seen[0]!.slice(0, 1), seen[2]!.slice(0, 1)]).toEqual([seen[1]!.slice(0, 1), seen[3]!.slice(0, 1)]);
});

test("is released when the work fails", async () => {
  const file = join(folder, "failing");
  await expect(
    withLock(file, async () => {
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  tryLock(file)!.release();
});

test("is not released by garbage collection, and is released when its holder is killed", async () => {
  const file = join(folder, "crashed");
  const program = `
    import { tryLock } from ${JSON.stringify(new URL("lock.ts", import.meta.url).href)};
    console.log(tryLock(process.argv[1]) !== null);
    setInterval(gc, 1);
    setTimeout(() => console.log("collected"), 50);`;
  const holder = spawn(process.execPath, ["--expose-gc", "--input-type=module", "--eval", program, file]);
  onTestFinished(() => void holder.kill("SIGKILL"));
  const [line] = await once(holder.stdout, "data");
  expect(String(line).trim()).toBe("true");
  await once(holder.stdout, "data");
  expect(tryLock(file)).toBeNull();
  holder.kill("SIGKILL");
  await once(holder, "exit");
  tryLock(file)!.release();
});
