import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { settingNames } from "./setting-names.ts";
import { withSettingsFile } from "./settings-file.ts";

const folder = mkdtempSync(join(tmpdir(), "quintet-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(lines: string[], env: NodeJS.ProcessEnv = {}) {
  const path = join(folder, "settings");
  writeFileSync(path, lines.join("\n"));
  return withSettingsFile({ ...env, CONFIG_FILE: path });
}

it("takes every setting, and where its value lies, beneath what the environment says", () => {
  const all = read(settingNames.map((name) => `${name}=x`));
  expect(Object.keys(all).toSorted()).toEqual(["CONFIG_FILE", ...settingNames].toSorted());
  expect(read(["LOG_FILE=a", "PORT_FILE=b"], { LOG_FILE: "own", PORT: "1" })).toMatchObject({
    LOG_FILE: "own",
    PORT: "1",
  });
  expect(read(["PORT_FILE=b"], { PORT: "1" })).not.toHaveProperty("PORT_FILE");
});

it.each([
  ["RATE_LIMIT_PER_MINUT", "; did you mean RATE_LIMIT_PER_MINUTE?"],
  ["rate_limit_per_minute", "; did you mean RATE_LIMIT_PER_MINUTE?"],
  ["MYSQL_URL_FLIE", ""],
  ["MYQSL_URL_FILE", "; did you mean MYSQL_URL_FILE?"],
  ["PROT", "; did you mean PORT?"],
  ["QUINTET_SECRETS", "; did you mean QUINTET_SECRET?"],
  ["SECRET", ""],
])("refuses %s, names it and never its value", (name, hint) => {
  const refused = () => read(["# a comment", `${name}=kept-secret`]);
  expect(refused).toThrow(`Bad settings: line 2 of CONFIG_FILE: ${name} is not a setting${hint}. See .env.example.`);
  expect(refused).not.toThrow("kept-secret");
});

it.each(["CONFIG_FILE", "DATA_DIR", "PATH", "NODE_OPTIONS"])("leaves %s to the environment", (name) => {
  expect(() => read([`${name}=x`])).toThrow(`line 1 of CONFIG_FILE: only the environment can set ${name}`);
});
