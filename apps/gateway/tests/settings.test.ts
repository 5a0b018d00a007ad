import { readFileSync } from "node:fs";
import { type ConfigError, settingNames } from "@quintet/workers";
import { expect, it } from "vitest";
import { knownApps } from "../src/apps.ts";
import { loadConfig } from "../src/config.ts";
import { settingsOf } from "./harness/setting-names.ts";

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
  "LOG_FILE",
  "OTEL_SDK_DISABLED",
  "OTEL_SERVICE_NAME",
  "REDIS_PREFIX",
  "TLS_CERT",
  "TLS_KEY",
];

it("refuses nonsense for every setting, in words of its own", () => {
  const faultsOf = (name: string): string[] => {
    const faults = [loadConfig, ...knownApps.map(({ configure }) => configure)].map((load) => {
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
