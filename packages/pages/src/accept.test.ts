import { expect, it } from "vitest";
import { prefersHtml } from "./accept.ts";

it.each([
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true],
  ["application/json", false],
  ["application/json, text/html;q=0.9", false],
  ["text/html;q=0.5, application/json;q=0.4", true],
  ["text/*", true],
  ["text/html;q=0, */*", false],
  ["TEXT/HTML", true],
  ["*/*", undefined],
  ["image/png", undefined],
  ["text/html;q=x, application/json", false],
  ["", undefined],
  [undefined, undefined],
])("of %j", (accept, expected) => {
  for (const otherwise of [true, false]) expect(prefersHtml(accept, otherwise)).toBe(expected ?? otherwise);
});
