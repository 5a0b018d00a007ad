import { spawnSync } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { findInstaller } from "./install.ts";
import { mariadb } from "./mariadb.ts";
import { findPrograms, versionedFolders } from "./programs.ts";
import { redis } from "./redis.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "install-"));
  onTestFinished(() => rm(root, { recursive: true }));
});

async function program(path: string, text = "#!/bin/sh\n"): Promise<string> {
  const file = join(root, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}

describe("finding programs", () => {
  test("uses the first folder that contains a program, and returns null if one is missing", async () => {
    const [first, second] = [join(root, "a"), join(root, "b")];
    const two = await program("b/two");
    expect(await findPrograms(["one", "two"], [first, second])).toBeNull();
    await program("b/one");
    const one = await program("a/one");
    expect(await findPrograms(["one", "two"], [first, second])).toEqual({ one, two });
  });

  test("prefers the highest version", async () => {
    for (const name of ["9", "17", "15", "common"]) await mkdir(join(root, name));
    const folders = await versionedFolders(root, /^\d+$/);
    expect(folders).toEqual(["17/bin", "15/bin", "9/bin"].map((folder) => join(root, folder)));
  });
});

describe("choosing an installer", () => {
  test("uses Debian's packages as root only", async () => {
    await program("apt-get");
    const found = await findInstaller([mariadb, redis], "linux", true, [root]);
    expect(found?.command.slice(2)).toEqual(["mariadb-server", "redis-server"]);
    expect(await findInstaller([redis], "linux", false, [root])).toBeNull();
    expect(await findInstaller([redis], "linux", true, [join(root, "empty")])).toBeNull();
  });

  test("uses Homebrew on a Mac", async () => {
    const brew = await program("brew");
    expect((await findInstaller([mariadb], "darwin", false, [root]))?.command).toEqual([brew, "install", "mariadb"]);
  });
});

describe.runIf(process.platform === "linux")("installing Debian packages", () => {
  const script = fileURLToPath(new URL("apt-install.sh", import.meta.url));
  const policy = "usr/sbin/policy-rc.d";

  /** Runs the script below another root, with an apt-get that notes its arguments and whether services may start. */
  async function install(exitCode: number) {
    await program("bin/apt-cache");
    const notes = `echo "$*" >>"$ROOT/calls"; "$ROOT/${policy}"; echo "$?" >>"$ROOT/policies"; echo "E: why"`;
    await program("bin/apt-get", `#!/bin/sh\n${notes}\nexit ${exitCode}\n`);
    const env = { PATH: `${join(root, "bin")}:/usr/bin:/bin`, ROOT: root };
    const { status, stdout } = spawnSync("/bin/sh", [script, "redis-server"], { env, encoding: "utf8" });
    const calls = await readFile(join(root, "calls"), "utf8");
    return { status, stdout, calls, policies: await readFile(join(root, "policies"), "utf8") };
  }

  test("prevents services from starting, and restores the policy", async () => {
    const { status, calls, policies } = await install(0);
    expect([status, policies]).toEqual([0, "101\n"]);
    expect(calls).toMatch(/install redis-server\n$/);
    await expect(lstat(join(root, policy))).rejects.toThrow(/ENOENT/);
    await expect(stat(join(root, "etc/postgresql-common"))).rejects.toThrow(/ENOENT/);
  });

  test("updates the package lists after a failure, reports the reason, and restores the existing policy", async () => {
    await program(policy, "#!/bin/sh\nexit 104\n");
    const { status, calls, stdout } = await install(100);
    expect(status).toBe(100);
    expect(calls).toMatch(/install redis-server\n.*update\n$/);
    expect(stdout).toContain("E: why");
    expect(await readFile(join(root, policy), "utf8")).toContain("exit 104");
  });

  test("removes the policy of an interrupted installation", async () => {
    await program(policy, "#!/bin/sh\n# quintet: temporary\nexit 101\n");
    await program(`${policy}.before-quintet`, "#!/bin/sh\nexit 104\n");
    await install(0);
    expect(await readFile(join(root, policy), "utf8")).toContain("exit 104");
  });
});
