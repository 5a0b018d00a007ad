import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeCursor, deriveKey, encodeCursor, limitParam, wholeNumber } from "./paging.ts";

const key = deriveKey("s".repeat(32), "sample cursor");
const position = z.strictObject({ name: z.string(), id: z.number() });

describe("cursors", () => {
  it("come back as they went in", () => {
    const cursor = encodeCursor(key, { name: "Ñandú", id: 7 });
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeCursor(key, cursor, position)).toEqual({ name: "Ñandú", id: 7 });
  });

  it("are refused when changed in any place, foreign, or of another list", () => {
    const cursor = encodeCursor(key, { name: "a", id: 7 });
    const refused = (text: string) => expect(() => decodeCursor(key, text, position)).toThrow(/cursor/);
    for (let i = 0; i < cursor.length - 1; i++) {
      refused(cursor.slice(0, i) + (cursor[i] === "A" ? "B" : "A") + cursor.slice(i + 1));
    }
    refused("");
    refused("x");
    refused("' OR 1=1 --");
    refused(encodeCursor(deriveKey("s".repeat(32), "another cursor"), { name: "a", id: 7 }));
    refused(encodeCursor(key, { id: "7" }));
  });
});

describe("numbers in a query", () => {
  it.each(["1", "100", "7"])("limit takes %s", (text) => {
    expect(limitParam(10).parse(text)).toBe(Number(text));
  });
  it.each(["0", "101", "-1", "1.5", "1e1", " 1", "", "abc", "9".repeat(30)])("limit refuses %j", (text) => {
    expect(limitParam(10).safeParse(text).success).toBe(false);
  });
  it("have a standard and bounds", () => {
    expect(limitParam(10).parse(undefined)).toBe(10);
    expect(wholeNumber(-5, 5).parse("-5")).toBe(-5);
  });
});
