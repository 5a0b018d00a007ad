import { expect, it } from "vitest";
import { isJsonType, mediaTypeOf } from "./media-type.ts";

it.each([
  ["application/json", true],
  ["Application/JSON ; charset=utf-8", true],
  ["application/merge-patch+json", true],
  ["application/jsonl", false],
  ["text/json", false],
  ["", false],
  [undefined, false],
])("knows whether %s is JSON", (contentType, expected) => {
  expect(isJsonType(contentType)).toBe(expected);
});

it("leaves out parameters, case and white space", () => {
  expect(mediaTypeOf(' Text/CSV ;header=present;charset="utf-8"')).toBe("text/csv");
});
