import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, run } from "../src/run.ts";
import { type TestSettings, testSettings } from "./harness/test-settings.ts";

let settings: TestSettings;
let gateway: Gateway;

beforeAll(async () => {
  settings = await testSettings();
  gateway = await run({ env: { ...settings.shared, ...settings.issuer, PORT: "0", LOG_LEVEL: "silent" }, first: true });
});
afterAll(async () => {
  await gateway.close();
  await settings[Symbol.asyncDispose]();
});

describe("the document of all apps", () => {
  it("has nothing that Redocly's recommended rules find fault with", async () => {
    const folder = await mkdtemp(join(tmpdir(), "quintet-document-"));
    const file = join(folder, "openapi.json");
    await writeFile(file, await (await fetch(`${gateway.url}/openapi.json`)).text());
    const cli = join(dirname(createRequire(import.meta.url).resolve("@redocly/cli/package.json")), "bin", "cli.js");
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    // A fixed path beside a parameter (/ingest/loads and /ingest/{table}) is meant so: the fixed one is served.
    // A form that a browser posts always ends in a redirection.
    const skipped = ["--skip-rule=no-ambiguous-paths", "--skip-rule=operation-2xx-response"];
    const args = [cli, "lint", "--extends=recommended", ...skipped, "--max-problems=1000", "--format=json", file];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: folder, maxBuffer: 1e8 }).catch(
      (error: { stdout: string }) => error,
    );
    const { problems } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
      problems: { ruleId: string; severity: string; message: string; location: { pointer: string }[] }[];
    };
    await rm(folder, { recursive: true, force: true });
    const told = problems.map(
      ({ ruleId, severity, message, location }) => `${severity} ${ruleId}: ${message} ${location[0]?.pointer}`,
    );
    expect(told).toEqual([]);
  });
});
