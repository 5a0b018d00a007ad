import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, run } from "../src/run.ts";
import { documentGaps } from "./harness/document-gaps.ts";
import { lintDocument } from "./harness/document-lint.ts";
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

describe.each(["", "/auth", "/properties", "/ingest", "/directory", "/queue", "/social"])(
  "%s/openapi.json",
  (prefix) => {
    const document = async () => (await fetch(`${gateway.url}${prefix}/openapi.json`)).text();

    it("passes the recommended rules of Redocly and Spectral", async () => {
      expect(await lintDocument(await document())).toEqual([]);
    });

    it("has a summary of every operation, a description of every parameter and field, a name for every body", async () => {
      expect(documentGaps(JSON.parse(await document()))).toEqual([]);
    });
  },
);
