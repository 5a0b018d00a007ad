import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const page = read("docs/internals.md");
const versions = [...page.matchAll(/^\| (\S+)\s+\| (\d\S+)\s+\| (\S+)\s+\|$/gm)].map(
  ([, library, version, folder]) => [library!, version!, folder!] as const,
);

/** What is between backquotes. */
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

/** Each private part: its library, its names, the files that use it and the tests that fail when it has changed. */
const parts = page.split(/^## /m).flatMap((section) => {
  const [library = "", ...lines] = section.split("\n");
  const items = lines.join("\n").split(/^- /m).slice(1);
  if (library.startsWith("What our patch")) return [];
  return items.map((item) => {
    const [names = "", rest = ""] = item.replaceAll(/\s+/g, " ").split(": used in ");
    const [files = "", tests = ""] = rest.split(", tested by ");
    return { library, names: quoted(names), files: quoted(files), tests: quoted(tests) };
  });
});

it.each(versions)("private parts of %s %s are used, and that version is installed", (library, version, folder) => {
  const { version: installed } = JSON.parse(read(join(folder, "node_modules", library, "package.json")));
  expect(installed, `go through the list of ${library} in docs/internals.md`).toBe(version);
});

it.each(parts)("$library: the files use $names, and tests are named", ({ names, files, tests }) => {
  expect([...files, ...tests].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const texts = files.map(read).join("\n");
  expect(names.filter((name) => !texts.includes(name.replace(/^node:/, "")))).toEqual([]);
  expect(tests.length).toBeGreaterThan(0);
});

it("has a version for each library, and names each patch", () => {
  const libraries = [...new Set(parts.map(({ library }) => library))];
  expect(versions.map(([library]) => library)).toEqual(libraries);
  const patches = [...read("pnpm-workspace.yaml").matchAll(/patches\/(\S+)\.patch/g)];
  expect(patches.map(([, patch]) => patch)).toEqual(["postgres@3.4.9"]);
});
