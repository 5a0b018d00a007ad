import { describe, expect, it } from "vitest";
import { readRange } from "./byte-range.ts";

const whole = { kind: "whole" };
const part = (first: number, last: number) => ({ kind: "part", first, last });
const none = { kind: "unsatisfiable" };

describe("readRange", () => {
  it.each([
    [undefined, whole],
    ["bytes=0-0", part(0, 0)],
    ["bytes=2-5", part(2, 5)],
    ["bytes=5-", part(5, 9)],
    ["bytes=-3", part(7, 9)],
    ["bytes=-30", part(0, 9)],
    ["bytes=5-99", part(5, 9)],
    ["bytes=10-", none],
    ["bytes=-0", none],
    ["bytes=5-2", whole],
    ["bytes=-", whole],
    ["bytes=0-1,3-4", whole],
    ["rows=0-1", whole],
    [`bytes=${"9".repeat(30)}-`, whole],
  ])("of 10 bytes for %s", (header, wanted) => {
    expect(readRange(header, 10)).toEqual(wanted);
  });
});
