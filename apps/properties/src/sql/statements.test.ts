import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readStatements, withLines } from "./statements.ts";

test("every statement of every file is read, and no comment is left in one", () => {
  const statements = readStatements();
  const files = readdirSync(new URL("./", import.meta.url)).filter((name) => name.endsWith(".sql"));
  const texts = files.map((name) => readFileSync(new URL(name, import.meta.url), "utf8"));
  const names = texts.flatMap((text) => [...text.matchAll(/^-- name: (.+)$/gm)].map(([, name]) => name));
  expect(Object.keys(statements).sort()).toEqual(names.sort());
  for (const text of Object.values(statements)) expect(text).not.toMatch(/--(?!\?)/);
});

test("an optional line is kept when all of its marks are chosen", () => {
  const text = "SELECT a\nFROM t\nWHERE x = :x   --? x\n  AND y > :y   --? y after\nLIMIT 1";
  expect(withLines(text, new Set())).toBe("SELECT a\nFROM t\nLIMIT 1");
  expect(withLines(text, new Set(["x", "y"]))).toBe("SELECT a\nFROM t\nWHERE x = :x\nLIMIT 1");
  expect(withLines(text, new Set(["x", "y", "after"]))).toBe("SELECT a\nFROM t\nWHERE x = :x\n  AND y > :y\nLIMIT 1");
});
