import { readFileSync } from "node:fs";
import { type ConfigError, settingNames } from "@quintet/workers";
import { expect, it } from "vitest";
import { apps, issuer } from "../src/apps.ts";
import { loadConfig } from "../src/config.ts";
import { plan } from "../src/plan.ts";
import { startServer } from "./harness/server-process.ts";
import { settingsOf } from "./harness/setting-names.ts";
import { testSettings } from "./harness/test-settings.ts";

/** What is read by those that start programs, not by the programs. */
const ofStarting = ["WORKERS"];
const ofEnvironment = ["CONFIG_FILE", "DATA_DIR"];

it("a settings file may set what the programs read, and nothing else", () => {
  const read = new Set([...ofStarting, ...[...settingsOf.values()].flatMap((names) => [...names])]);
  expect([...read].toSorted()).toEqual([...settingNames].toSorted());
});

it(".env.example tells of each setting once", () => {
  const text = readFileSync(new URL("../../../.env.example", import.meta.url), "utf8");
  const told = [...text.matchAll(/^# ([A-Z_\d]+)=/gm)].map(([, name]) => name);
  expect(told.toSorted()).toEqual([...settingNames, ...ofEnvironment].toSorted());
});

/** These may be any text, or a path: one that can be written to, or that is read when both of two are given. */
const anyText = [
  "AUDIT_ARCHIVE",
  "BACKUP_DIR",
  "UPLOAD_DIR",
  "LOG_FILE",
  "OTEL_SDK_DISABLED",
  "OTEL_SERVICE_NAME",
  "REDIS_PREFIX",
  "TLS_CERT",
  "TLS_KEY",
];

it("refuses nonsense for every setting, in words of its own", () => {
  const faultsOf = (name: string): string[] => {
    const faults = [loadConfig, issuer.configure, ...apps.map(({ configure }) => configure)].map((load) => {
      try {
        load({ [name]: "!" });
        return [];
      } catch (error) {
        return (error as ConfigError).faults.filter((fault) => fault.startsWith(`${name}:`));
      }
    });
    return [...new Set(faults.flat())];
  };
  const told = settingNames.filter((name) => !anyText.includes(name)).map((name) => [name, faultsOf(name)] as const);
  expect(told.filter(([, faults]) => faults.length !== 1)).toEqual([]);
  for (const [, [fault]] of told) expect(fault).not.toMatch(/expected|Invalid|too (small|big)/i);
});

it("an invalid ACCOUNTS_URL is the only fault where the settings of an issuer are not set", async () => {
  await using settings = await testSettings();
  const planned = plan({ ...settings.shared, ACCOUNTS_URL: "nonsense" });
  await expect(planned).rejects.toMatchObject({ faults: [expect.stringMatching(/^ACCOUNTS_URL: /)] });
});

it.each([
  ["queue", "0", { REDIS_URL: "redis://127.0.0.1:1" }],
  ["properties", "2", { MYSQL_URL: "mysql://someone:kept-secret@127.0.0.1:1/quintet" }],
  ["gateway", "1", { POSTGRES_URL: "postgres://someone:kept-secret@127.0.0.1:1/quintet" }],
])("%s, with WORKERS=%s, ends with one line when a store is not there: %o", async (app, workers, store) => {
  await using settings = await testSettings();
  const env = { ...settings.shared, ...settings.issuer, ...store, WORKERS: workers };
  const failure = await startServer(app, env).catch((error: Error) => error.message);
  const [name] = Object.keys(store);
  const line = `Bad settings: ${name}: nothing listens on 127.0.0.1:1. See .env.example.`;
  expect(failure).toBe(`${app} ended with 1:\n${line}\n`);
});
