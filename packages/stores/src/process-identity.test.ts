import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { identify, isAlive } from "./process-identity.ts";

test("identifies a process while it runs, and no other process with its id", async () => {
  const child = spawn("sleep", ["60"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  const identity = identify(child.pid!)!;
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, started: `${identity.started}0` })).toBe(false);
  expect(isAlive({ ...identity, pid: process.pid })).toBe(false);
  child.kill();
  await once(child, "exit");
  expect(isAlive(identity)).toBe(false);
});
