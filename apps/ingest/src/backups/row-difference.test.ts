import { describe, expect, it } from "vitest";
import { jobs } from "../demo-tables.ts";
import { rowDifference } from "./row-difference.ts";

const rows = (text: string) =>
  text.split(" ").flatMap((part) => (part === "" ? [] : [{ f0: Number(part.slice(0, -1)), f1: part.slice(-1) }]));

describe("rowDifference", () => {
  it.each([
    ["1a 2b 3c", "", "1a 2b 3c", []],
    ["1a 2b 3c", "1a 2b 3c", "", []],
    ["1a 3c", "1a 2b 3c 4d", "", [2, 4]],
    ["2b 4d", "1a 3c 5e", "2b 4d", [1, 3, 5]],
    ["1a 2B 3c", "1a 2b", "2B 3c", []],
    ["5e", "1a 2b 5e 6f", "", [1, 2, 6]],
    ["", "1a", "", [1]],
  ])("to get %j out of %j writes %j and removes %j", (wanted, found, write, remove) => {
    const difference = rowDifference(jobs, rows(wanted), rows(found));
    expect(difference.write.map((number) => rows(wanted)[number])).toEqual(rows(write));
    expect(difference.remove.map(({ f0 }) => f0)).toEqual(remove);
    expect(difference.added).toBe(rows(write).filter(({ f0 }) => !rows(found).some((row) => row.f0 === f0)).length);
  });
});
