import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/internals.md"), "utf8");
const versions = [...page.matchAll(/^\| (\S+)\s+\| (\d\S+)\s+\| (\S+)\s+\|$/gm)].map(
  ([, library, version, folder]) => [library!, version!, folder!] as const,
);

it.each(versions)("leans on private parts of %s %s, and that is what is installed", (library, version, folder) => {
  const installed = JSON.parse(readFileSync(join(root, folder, "node_modules", library, "package.json"), "utf8"));
  expect(installed.version, `look through the lines of ${library} in docs/internals.md`).toBe(version);
});

it("names files that are there", () => {
  const paths = [...page.matchAll(/`((?:apps|packages|patches|scripts)\/[^`]+)`/g)].map(([, path]) => path!);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it("has a version for each library that it names, and each patch stands there", () => {
  const named = [...page.matchAll(/^\| (\S+)\s+\| \D/gm)]
    .map(([, library]) => library!)
    .filter((name) => name !== "library" && !/^-+$/.test(name));
  const listed = versions.map(([library]) => library);
  expect(listed.length).toBeGreaterThan(4);
  expect(named.filter((name) => name === name.toLowerCase() && !listed.includes(name))).toEqual([]);
  const patches = [...readFileSync(join(root, "pnpm-workspace.yaml"), "utf8").matchAll(/patches\/(\S+)\.patch/g)];
  expect(patches.map(([, patch]) => patch)).toEqual(["postgres@3.4.9"]);
});
