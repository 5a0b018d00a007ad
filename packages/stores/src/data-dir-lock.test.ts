import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lockDataDir } from "./data-dir-lock.ts";

test("a data folder is locked by one process at a time, and can be locked again after a release", async () => {
  const folder = await mkdtemp(join(tmpdir(), "data-dir-lock-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const first = await lockDataDir(folder);
  expect(await lockDataDir(folder)).toEqual({ heldBy: String(process.pid) });
  if ("release" in first) first.release();
  const again = await lockDataDir(folder);
  expect(again).toHaveProperty("release");
  if ("release" in again) again.release();
});
