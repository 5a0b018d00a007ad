import { describe, expect, it } from "vitest";
import { nameGroups } from "./cultures.ts";
import { feminine, interleaved, joined, paired, slug } from "./name-lists.ts";

describe("the name lists", () => {
  it("fill 200 shares with thousands of names", () => {
    const groups = nameGroups();
    expect(groups.reduce((sum, group) => sum + group.share, 0)).toBe(200);
    expect(new Set(groups.flatMap((group) => group.last)).size).toBeGreaterThan(10_000);
    for (const { first, last } of groups) {
      expect(new Set(first).size).toBe(first.length);
      expect(new Set(last).size).toBe(last.length);
    }
  });

  it("put names together", () => {
    expect(joined(["Ash", "Al-"], ["ford", "amin"])).toEqual(["Ashford", "Ashamin", "Al-Ford", "Al-Amin"]);
    expect(paired(["a", "b", "c"], "-").slice(0, 2)).toEqual(["a-b", "b-a"]);
    expect(interleaved(["a", "b"], ["c"], ["a", "d"])).toEqual(["a", "c", "b", "d"]);
    expect(["Novák", "Černý", "Němec", "Krejčí", "Svoboda", "Vaněk"].map(feminine)).toEqual([
      "Nováková",
      "Černá",
      "Němcová",
      "Krejčí",
      "Svobodová",
      "Vanková",
    ]);
    expect(["O’Brien", "Łukasz", "Nguyễn", "Weiß", "О́льга"].map(slug)).toEqual([
      "obrien",
      "lukasz",
      "nguyen",
      "weiss",
      "",
    ]);
  });
});
