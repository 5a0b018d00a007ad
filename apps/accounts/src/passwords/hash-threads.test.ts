import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { createHashThreads } from "./hash-threads.ts";

/** The niceness of a thread of this process, as the kernel has it (field 19 of /proc/pid/stat). */
const niceness = (id: number | string) => {
  const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
  return Number(stat.split(") ")[1]?.split(" ")[16]);
};

/** The same of each thread that is still there. */
const priorities = () =>
  readdirSync("/proc/self/task").flatMap((id) => {
    try {
      return [niceness(id)];
    } catch {
      return [];
    }
  });

test("tasks run at once, each with its own answer, and an idle thread is used again", async () => {
  await using threads = createHashThreads();
  const passwords = Array.from({ length: 3 }, (_, i) => `correct horse battery ${i}`);
  const hashes = await Promise.all(passwords.map((password) => threads.make("argon2", password)));
  const checks = hashes.flatMap((hash) => passwords.map((password) => threads.verify(hash, password)));
  const done = await Promise.all(checks);
  for (const { cpuMs } of done) expect(cpuMs).toBeGreaterThan(1);
  expect(done.map(({ good }) => good)).toEqual([true, false, false, false, true, false, false, false, true]);
  expect(await threads.verify(await threads.make("pbkdf2", "x"), "x")).toMatchObject({ good: true });
});

test.runIf(process.platform === "linux")("hashing yields to this thread, whose priority stays", async () => {
  // The threads of the test before may be ending still.
  await vi.waitFor(() => expect(priorities().filter((nice) => nice === 5)).toEqual([]), 10_000);
  await using threads = createHashThreads();
  await Promise.all([threads.make("argon2", "one"), threads.make("argon2", "two")]);
  // Ids of threads begin anew at some time, so that of the first thread need not be the least.
  expect(niceness(process.pid)).toBe(0);
  expect(priorities().filter((nice) => nice === 5)).toHaveLength(2);
});

test("a task whose thread ends is an error, and the next one gets another", async () => {
  const threads = createHashThreads();
  const cut = expect(threads.make("pbkdf2", "long")).rejects.toThrow("thread ended");
  await threads[Symbol.asyncDispose]();
  await cut;
  expect(await threads.verify(await threads.make("argon2", "x"), "x")).toMatchObject({ good: true });
  await threads[Symbol.asyncDispose]();
});
