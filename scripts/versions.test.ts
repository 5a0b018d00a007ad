import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("all packages have one version", () => {
  const files = globSync(["package.json", "{apps,packages}/*/package.json", "bench/package.json"], { cwd: root });
  const versionOf = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8")).version as string;
  expect(files.length).toBeGreaterThan(10);
  expect([...new Set(files.map(versionOf))]).toEqual([versionOf("package.json")]);
});
