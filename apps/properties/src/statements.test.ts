import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { readStatements, withLines } from "./statements.ts";

test("every file of sql/ is a statement, and no comment is left in one", () => {
  const statements = readStatements();
  const files = readdirSync(new URL("./sql/", import.meta.url)).map((name) => name.replace(/\.sql$/, ""));
  expect(Object.keys(statements).sort()).toEqual(files.sort());
  for (const text of Object.values(statements)) expect(text).not.toMatch(/--(?!\?)/);
});

test("an optional line stays when all of its marks are chosen", () => {
  const text = "SELECT a\nFROM t\nWHERE x = :x   --? x\n  AND y > :y   --? y after\nLIMIT 1";
  expect(withLines(text, new Set())).toBe("SELECT a\nFROM t\nLIMIT 1");
  expect(withLines(text, new Set(["x", "y"]))).toBe("SELECT a\nFROM t\nWHERE x = :x\nLIMIT 1");
  expect(withLines(text, new Set(["x", "y", "after"]))).toBe("SELECT a\nFROM t\nWHERE x = :x\n  AND y > :y\nLIMIT 1");
});
