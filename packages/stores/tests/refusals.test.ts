import { execFileSync, spawnSync } from "node:child_process";
import { chown, cp, mkdir, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { loadSecrets, lockDataDir, type StoreName } from "../src/index.ts";
import { folderForTest, open } from "./open.ts";

const asRoot = process.getuid?.() === 0;
let base: string;
let dataDir: string;
beforeEach(async () => {
  base = await folderForTest();
  dataDir = join(base, "data");
});

/** Nothing but a single line is said. */
async function refusal(of: Promise<unknown>): Promise<string> {
  const error = await of.then(
    () => expect.unreachable("It was not refused"),
    (reason: Error) => reason,
  );
  expect([error.constructor, error.message.split("\n")]).toEqual([Error, [error.message]]);
  return error.message;
}

describe("data behind a link", () => {
  let elsewhere: string;
  beforeEach(async () => {
    elsewhere = join(base, "elsewhere");
    await mkdir(dataDir);
    await mkdir(elsewhere, { mode: 0o711 });
    await symlink(elsewhere, join(dataDir, "stores"));
    await (await open(dataDir, ["redis"])).close();
  });

  test("is not created again when it is missing", async () => {
    await rename(elsewhere, `${elsewhere}.away`);
    expect(await refusal(open(dataDir, ["redis"]))).toMatch(/data\/stores links to .*elsewhere, which does not exist/);
    await rename(`${elsewhere}.away`, elsewhere);
    await (await open(dataDir, ["redis"])).close();
  });

  test("is removed with the folder by the documented command", async () => {
    const readme = await readFile(join(import.meta.dirname, "../../../README.md"), "utf8");
    const [command = ""] = /^rm -rf .*$/m.exec(readme) ?? [];
    execFileSync("sh", ["-c", command.replaceAll(".data", dataDir)]);
    expect(await readdir(base)).toEqual([]);
  });

  test("is not used by a copy of the folder with the link, and is kept when the folder is moved", async () => {
    const copy = join(base, "copy");
    await cp(dataDir, copy, { recursive: true, verbatimSymlinks: true });
    expect(await refusal(open(copy, ["redis"]))).toMatch(/copy is a copy of .*data: the link "stores" of both/);
    await rm(copy, { recursive: true });
    await rename(dataDir, copy);
    expect((await open(copy, ["redis"])).location).toBe(await realpath(elsewhere));
  });
});

test("data of a later version of a server, or of another Postgres", async () => {
  const needs: StoreName[] = ["mysql", "postgres", "redis"];
  const first = await open(dataDir, needs);
  await first.close();
  const titles = { mysql: "MariaDB", postgres: "Postgres", redis: "Redis" };
  for (const [name, title] of Object.entries(titles)) {
    const record = join(first.location, name, "version");
    await cp(record, `${record}.kept`);
    await writeFile(record, "99.1.2\n");
    const line = await refusal(open(dataDir, needs));
    expect(line).toMatch(new RegExp(`was written by ${title} 99.1.2, which \\d+\\.\\d+.* on this machine cannot read`));
    await rename(`${record}.kept`, record);
  }
  // Of a folder that a server has come to know elsewhere only its own data speaks.
  await rm(join(first.location, "postgres/version"));
  await writeFile(join(first.location, "postgres/data/PG_VERSION"), "9\n");
  expect(await refusal(open(dataDir, needs))).toMatch(/was written by Postgres 9, which .*Install Postgres 9/);
  const info = (await readdir(join(first.location, "mysql/data"))).find((file) => /^m\w+_upgrade_info$/.test(file))!;
  await writeFile(join(first.location, "mysql/data", info), "99.0.1-MariaDB");
  expect(await refusal(open(dataDir, ["mysql"]))).toMatch(
    /was written by MariaDB 99.0.1, which .*Install MariaDB 99.0/,
  );
  await writeFile(join(first.location, "layout.json"), '{"version":99}');
  expect(await refusal(open(dataDir, ["redis"]))).toMatch(
    /stores was written by a later version of Quintet \(layout 99;/,
  );
});

/** The steps of a start that use the data folder, in order. */
const steps = {
  lock: lockDataDir,
  stores: (folder: string) => open(folder, ["redis"]),
  secrets: loadSecrets,
};

describe.each(Object.entries(steps))("a folder that cannot be written: %s", (_, step) => {
  test("a file is in its place", async () => {
    await writeFile(dataDir, "");
    expect(await refusal(step(dataDir))).toBe(`Cannot write ${dataDir}: a file is in the place of a folder`);
    expect(await refusal(step(join(dataDir, "below")))).toMatch(/a file is in the place of a folder$/);
  });

  test.runIf(asRoot)("its disk is full, or read-only", async () => {
    await mkdir(dataDir);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=0711", "tmpfs", dataDir]);
    onTestFinished(() => void execFileSync("umount", ["--lazy", dataDir]));
    spawnSync("dd", ["if=/dev/zero", `of=${join(dataDir, "full")}`, "bs=1k"]);
    expect(await refusal(step(dataDir))).toMatch(/^Cannot write .*: no space is left on its disk$/);
    await rm(join(dataDir, "full"));
    execFileSync("mount", ["-o", "remount,ro", dataDir]);
    expect(await refusal(step(dataDir))).toMatch(/^Cannot write .*: its disk is mounted read-only$/);
  });

  test.runIf(asRoot)("it belongs to another user", async () => {
    await mkdir(dataDir, { mode: 0o755 });
    await chown(dataDir, 0, 0);
    const nobody = 65_534;
    process.seteuid?.(nobody);
    try {
      expect(await refusal(step(dataDir))).toMatch(/^Cannot write .*: .* belongs to user 0, and this process is not/);
    } finally {
      process.seteuid?.(0);
    }
    await expect(stat(join(dataDir, "stores"))).rejects.toThrow(/ENOENT/);
  });
});
