import { expect, it } from "vitest";
import { bindValues, hasOddNames } from "./bind-values.ts";

it("binds values outside of texts and names only", () => {
  const sql = "SELECT `a?`, `:b`, '?', \":b\", 'it''s :b', '\\'?' FROM `x``?` WHERE a = ? AND b IN (?)";
  expect(hasOddNames(sql)).toBe(true);
  expect(bindValues(sql, ["?'", [1, ":b"]])).toBe(
    "SELECT `a?`, `:b`, '?', \":b\", 'it''s :b', '\\'?' FROM `x``?` WHERE a = '?\\'' AND b IN (1, ':b')",
  );
  expect(bindValues("SELECT `:b`, :b, :c + ?", { b: "`:c`", c: null })).toBe("SELECT `:b`, '`:c`', NULL + ?");
  expect(bindValues("SELECT `:b`", undefined)).toBe("SELECT `:b`");
  expect(bindValues("SELECT :at", { at: new Date("2021-11-07T02:48:42.123Z") })).toBe(
    "SELECT '2021-11-07 02:48:42.123'",
  );
  expect(() => bindValues("SELECT :b", {})).toThrow(":b");
  expect(() => bindValues("SELECT ?, ?", [1])).toThrow("number 2");
});
