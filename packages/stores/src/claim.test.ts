import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { claimDataDir } from "./claim.ts";

test("gives a folder to one, names the holder to another, and gives it again after the release", async () => {
  const folder = await mkdtemp(join(tmpdir(), "claim-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const first = await claimDataDir(folder);
  expect(await claimDataDir(folder)).toEqual({ heldBy: String(process.pid) });
  if ("release" in first) first.release();
  const again = await claimDataDir(folder);
  expect(again).toHaveProperty("release");
  if ("release" in again) again.release();
});
