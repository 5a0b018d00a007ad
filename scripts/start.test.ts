import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, inject, it, onTestFinished } from "vitest";
import { testMysql, testPostgres, testPrefix } from "../packages/db/src/testing.ts";
import { startProcess, takenPort } from "../packages/http/src/testing.ts";

const folder = mkdtempSync(join(tmpdir(), "quintet-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** `npm start` with these settings, on a data folder of its own unless one is given. */
function npmStart(env: Record<string, string>, ...args: string[]) {
  const dataDir = env.DATA_DIR ?? join(mkdtempSync(join(folder, "run-")), "data");
  const command = [process.execPath, join(import.meta.dirname, "start.ts"), ...args] as const;
  return { ...startProcess(command, { DATA_DIR: dataDir, ...env }), dataDir };
}

it("--check names each problem of each app on a line of its own, and changes nothing", async () => {
  const taken = await takenPort();
  const { ended, errors, out, dataDir } = npmStart(
    {
      PORT: "abc",
      METRICS_PORT: String(taken),
      REDIRECT_PORT: "0",
      HOST: "203.0.113.9",
      CORS_ORIGINS: "example.com",
      OIDC_ISSUERS: '[{"issuer":"http://example.org","audience":"a"}]',
      DEMO_USERS: "many",
      MYSQL_URL: "mysql://someone:kept-secret@127.0.0.1:1/quintet",
      POSTGRES_URL: "mysql://kept-secret@127.0.0.1/quintet",
      REDIS_URL: inject("redisUrl").replace(/:[^:@]*@/, ":kept-secret@"),
      CACHE_REDIS_URL_FILE: "/nowhere/cache-url",
      BACKUP_DIR: join(import.meta.filename, "backups"),
      WORKERS: "two",
    },
    "--check",
  );
  expect(await ended).toBe(1);
  expect(out()).toBe("");
  const redis = new URL(inject("redisUrl")).host;
  expect(errors().trim().split("\n").toSorted()).toEqual([
    `BACKUP_DIR: ${import.meta.filename} is not a folder`,
    "CACHE_REDIS_URL_FILE: there is no such file",
    "CORS_ORIGINS: must be * or origins such as https://example.org, separated by commas",
    "DEMO_USERS: must be a whole number from 1 to 10000000",
    "HOST: 203.0.113.9 is not an address of this machine",
    `METRICS_PORT: 127.0.0.1:${taken} is taken by another program; choose another port`,
    "MYSQL_URL: nothing listens on 127.0.0.1:1",
    "OIDC_ISSUERS: 0.issuer must be an https:// URL",
    "PORT: must be a port number from 0 to 65535",
    "POSTGRES_URL: must be a postgres:// or postgresql:// URL",
    `REDIS_URL: ${redis} refuses this user or password`,
    "WORKERS: must be a number or auto",
  ]);
  expect(existsSync(dataDir)).toBe(false);
});

it("ends with status 1 and one line before any store is started", async () => {
  const taken = await takenPort();
  const file = join(folder, "file");
  writeFileSync(file, "");
  const cases: [Record<string, string>, string][] = [
    [{ PORT: String(taken) }, `PORT: 127.0.0.1:${taken} is taken by another program; choose another port`],
    [{ PORT: "0", DEMO_USERS: "many" }, "DEMO_USERS: must be a whole number from 1 to 10000000"],
    [{ PORT: "0", DATA_DIR: join(file, "data") }, `DATA_DIR: ${file} is not a folder`],
  ];
  const results = cases.map(async ([env]) => {
    const { ended, errors, out, dataDir } = npmStart(env);
    return [env, await ended, errors(), out(), existsSync(dataDir)];
  });
  expect(await Promise.all(results)).toEqual(
    cases.map(([env, fault]) => [env, 1, `Bad settings: ${fault}. See .env.example.\n`, "", false]),
  );
});

const asRoot = process.getuid?.() === 0 && process.platform === "linux";

it.runIf(asRoot)(
  "--check says that the data folder cannot be written to, or has no space, or that files are few",
  async () => {
    const dataDir = mkdtempSync(join(folder, "disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", dataDir]);
    onTestFinished(() => void execFileSync("umount", ["--lazy", dataDir]));
    const small = npmStart({ DATA_DIR: dataDir, PORT: "0" }, "--check");
    expect(await small.ended).toBe(1);
    expect(small.errors()).toMatch(/^DATA_DIR: the disk of \S+ has \d+ MiB free; at least 256 MiB are needed\n$/);
    execFileSync("mount", ["-o", "remount,ro", dataDir]);
    const readOnly = npmStart({ DATA_DIR: dataDir, PORT: "0" }, "--check");
    execFileSync("prlimit", ["--pid", String(readOnly.child.pid), "--nofile=100:100"]);
    expect(await readOnly.ended).toBe(1);
    expect(readOnly.errors()).toBe(
      `ulimit -n: 100 open files are too few; at least 128 are needed\nDATA_DIR: ${dataDir} is on a read-only file system\n`,
    );
  },
);

it("takes no argument but --check", async () => {
  const { ended, errors } = npmStart({}, "--chek");
  expect(await ended).toBe(1);
  expect(errors()).toBe("npm start accepts one argument: -- --check\n");
});

it("reads its settings again on SIGHUP, and checks well while it runs", async () => {
  const [mysql, postgres] = [await testMysql(inject("mysqlUrl")), await testPostgres(inject("postgresUrl"))];
  onTestFinished(() => mysql[Symbol.asyncDispose]());
  onTestFinished(() => postgres[Symbol.asyncDispose]());
  const dataDir = join(folder, "whole");
  mkdirSync(dataDir);
  const file = join(dataDir, "settings");
  writeFileSync(file, "DEMO_DATA=false\nCORS_ORIGINS=https://one.example\n");
  const env = {
    DATA_DIR: dataDir,
    CONFIG_FILE: file,
    PORT: "0",
    MYSQL_URL: mysql.url,
    POSTGRES_URL: postgres.url,
    REDIS_URL: inject("redisUrl"),
    CACHE_REDIS_URL: inject("cacheRedisUrl"),
    REDIS_PREFIX: testPrefix(),
  };
  const { child, ended, out, errors } = npmStart(env);
  const said = { timeout: 50_000 };
  await expect.poll(() => out() + errors(), said).toMatch(/Quintet is running at http:\/\/localhost:\d+/);
  const [, port] = /localhost:(\d+)/.exec(out()) ?? [];
  const check = npmStart({ ...env, PORT: String(port) }, "--check");
  expect([await check.ended, check.errors()]).toEqual([0, ""]);
  child.kill("SIGHUP");
  const log = () => readFileSync(join(dataDir, "quintet.log"), "utf8");
  await expect.poll(log, said).toContain("The workers were replaced; 1 serve with the current settings.");
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
}, 120_000);
