import { expect, test } from "vitest";
import { excerptLength, excerptOf } from "./excerpt.ts";

const family = "👨‍👩‍👧‍👦";

test.each([
  ["a short text", "Short", "Short"],
  ["a text of just the max length", "é".repeat(500), "é".repeat(500)],
  ["a longer text", `${"😀".repeat(500)}!`, "😀".repeat(500)],
  ["an emoji of several characters", `${"x".repeat(498)}${family}!`, "x".repeat(498)],
  ["a letter with a combining accent", `${"x".repeat(499)}e\u0301 and`, "x".repeat(499)],
  ["a letter with more accents than an excerpt has room for", `e${"\u0301".repeat(600)}`, `e${"\u0301".repeat(499)}`],
])("the excerpt of %s", (_, text, excerpt) => {
  expect(excerptOf(text)).toBe(excerpt);
  expect([...excerpt].length).toBeLessThanOrEqual(excerptLength);
});
