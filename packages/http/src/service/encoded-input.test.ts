import { describe, expect, it } from "vitest";
import { encodingFaults, rejectMisencodedUrl } from "./encoded-input.ts";

const misencoded = "must be percent-encoded UTF-8";

describe("what is not percent-encoded UTF-8", () => {
  it.each([
    ["a=%FF", [["a", misencoded]]],
    [
      "a=1&b=%C3&c=%zz&d=100%&e=%2",
      [
        ["b", misencoded],
        ["c", misencoded],
        ["e", misencoded],
      ],
    ],
    ["a=%ED%A0%80", [["a", misencoded]]],
    ["a=%C0%80", [["a", misencoded]]],
    ["a=%F4%90%80%80", [["a", misencoded]]],
    ["%FF=1", [["%FF", misencoded]]],
    ["a=b\ufffd", [["a", misencoded]]],
  ])("in %s is named", (encoded, faults) => {
    expect(encodingFaults(encoded).map(({ path, message }) => [path, message])).toEqual(faults);
  });

  it.each([
    "",
    "a",
    "a=b+c&d=%20",
    "a=%C3%A9&b=%F0%9F%98%80",
    "a=é",
    "a=%25FF",
    "a=%EF%BF%BD",
    "=&&=",
    "a=5%&b=%C3%A9%",
  ])("is not in %s", (encoded) => {
    expect(encodingFaults(encoded)).toEqual([]);
  });

  it("in a path is refused", () => {
    expect(() => rejectMisencodedUrl("http://a/b/%FF?c=1")).toThrow("path");
    expect(() => rejectMisencodedUrl("http://a/b/%C3%A9?c=%FF?")).toThrow("c: must be");
    expect(() => rejectMisencodedUrl("http://a/b?c=1&d=%00")).toThrow("d: must not");
    rejectMisencodedUrl("http://a/b/%C3%A9?c=?%C3%A9");
  });
});
