import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const tracked = (...patterns: string[]) =>
  execFileSync("git", ["ls-files", "--", ...patterns], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const pages = tracked("*.md").filter((file) => existsSync(join(root, file)));

it("links to files and headings that exist", () => {
  const broken = pages.flatMap((page) =>
    [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target) && !exists(page, target))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

it("wraps at 100 characters, but for tables, code, links and URLs", () => {
  const long = pages.flatMap((page) =>
    withoutCode(read(page))
      .split("\n")
      .flatMap((line, at) => (isTooLong(line) ? [`${page}:${at + 1}: ${line.length} characters`] : [])),
  );
  expect(long).toEqual([]);
});

it("lists every decision", () => {
  const index = read("docs/decisions/README.md");
  const decisions = readdirSync(join(root, "docs/decisions")).filter((file) => file !== "README.md");
  expect(decisions.filter((file) => !index.includes(`](${file})`))).toEqual([]);
});

it("has one version for every app and package", () => {
  const versions = tracked("package.json", "*/package.json").map((file) => [file, JSON.parse(read(file)).version]);
  const { version } = JSON.parse(read("package.json"));
  expect(versions.filter(([, one]) => one !== version)).toEqual([]);
});

function exists(page: string, target: string): boolean {
  const [path, heading] = target.split("#");
  const file = path ? resolve(root, dirname(page), path) : join(root, page);
  if (!existsSync(file)) return false;
  return !heading || anchors(readFileSync(file, "utf8")).includes(heading);
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The text without what stands in its blocks of code, with the same number of lines. */
function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```/gm, (block) => block.replaceAll(/.+/g, ""));
}

/** Whether a line of prose could be broken before its 100th character. */
function isTooLong(line: string): boolean {
  if (line.length <= 100 || /^\s*\||^\[[^\]]+\]: /.test(line)) return false;
  const unbreakable = line.replaceAll(/\[[^\]]*\]\([^)]*\)|https?:\/\/\S+|`[^`]*`/g, (text) => "x".repeat(text.length));
  return (
    unbreakable
      .trim()
      .replace(/^([-*+]|\d+\.) /, "")
      .lastIndexOf(" ", 100) !== -1
  );
}
