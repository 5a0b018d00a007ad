import { readFileSync } from "node:fs";
import { settingNames } from "@quintet/workers";
import { expect, it } from "vitest";
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
