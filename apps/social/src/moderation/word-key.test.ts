import { expect, test } from "vitest";
import { wordKey } from "./word-key.ts";

test.each([
  ["Win at the ＣＡＳＩＮＯ!", "casino", true],
  ["cas-ino", "casino", false],
  ["Cassino", "casino", false],
  ["CÁSINO.", "casino", true],
  ["Buy CHEAP,\u00a0pills now", "cheap pills", true],
  ["cheap and pills", "cheap pills", false],
  ["我爱赌博网站", "赌博", true],
  ["賭けない", "けな", true],
  ["%_\\ '", "casino", false],
])("whether %j has the phrase %j: %j", (text, phrase, has) => {
  expect(wordKey(text).includes(wordKey(phrase))).toBe(has);
});

test.each(["", " ", "!?", "\u0301"])("%j has no words", (text) => {
  expect(wordKey(text)).toBe("");
});
