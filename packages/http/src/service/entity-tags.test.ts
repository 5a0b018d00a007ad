import { describe, expect, it } from "vitest";
import { ifMatch, ifNoneMatch, ifRange } from "./entity-tags.ts";

describe("If-None-Match", () => {
  it.each([
    [undefined, '"a"', false],
    ["*", '"a"', true],
    [" * ", '"a"', true],
    ['"*"', '"a"', false],
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"b", W/"a" ,"c"', '"a"', true],
    ['"b","c"', '"a"', false],
    ['"x,"a",y"', '"a"', false], // Not well-formed: a tag has no quotes in it.
    ['"x,y"', '"x,y"', true],
    ['"x,y"', '"y"', false],
    ['"xa"', '"a"', false],
    ["a", '"a"', false],
    ["", '"a"', false],
  ] as const)("%s has the tag %s: %s", (header, tag, has) => {
    expect(ifNoneMatch(header, tag)).toBe(has);
  });
});

describe("If-Match", () => {
  it.each([
    ["*", "any"],
    ['"1"', '"1"'],
    ['"0", "2"', '"2"'],
    ['W/"1"', undefined],
    ['"3"', undefined],
    ["1", undefined],
    ["", undefined],
  ] as const)('%s has of "1" and "2": %s', (header, found) => {
    expect(ifMatch(header, ['"1"', '"2"'])).toBe(found);
  });

  it("has no weak tag, not even the present one", () => {
    expect(ifMatch('W/"1"', ['W/"1"'])).toBeUndefined();
  });
});

describe("If-Range", () => {
  it.each([
    [undefined, '"a"', true],
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', false],
    ['W/"a"', 'W/"a"', false],
    ['"b"', '"a"', false],
    ["*", '"a"', false],
    ["Sat, 28 Nov 2026 00:00:00 GMT", '"a"', false],
    ['"a"', undefined, false],
  ] as const)("%s allows a part of %s: %s", (header, tag, allowed) => {
    expect(ifRange(header, tag)).toBe(allowed);
  });
});
