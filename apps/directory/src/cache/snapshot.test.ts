import { describe, expect, it } from "vitest";
import { parseSnapshot, sees, seesAllOf } from "./snapshot.ts";

describe("a snapshot", () => {
  it("sees what ended before it, and nothing of what was running or came later", () => {
    const snapshot = parseSnapshot("10:20:10,15");
    const seen = [1, 9, 10, 11, 14, 15, 16, 19, 20, 21].filter((xid) => sees(snapshot, xid));
    expect(seen).toEqual([1, 9, 11, 14, 16, 19]);
    expect(sees(parseSnapshot("10:10:"), 9)).toBe(true);
    expect(sees(parseSnapshot("10:10:"), 10)).toBe(false);
  });

  it.each([
    ["10:20:10,15", "10:20:10,15", true],
    ["15:25:15,22", "10:20:10,15", true],
    ["10:20:10,15", "15:25:15,22", false],
    // What committed out of the order of its number: 12 had ended for the one, and runs for the other.
    ["12:25:12", "10:20:10", false],
    ["12:25:12", "10:20:10,12", true],
    ["30:30:", "10:20:10", true],
  ])("%s sees all of %s: %s", (one, other, all) => {
    expect(seesAllOf(parseSnapshot(one), parseSnapshot(other))).toBe(all);
  });
});
