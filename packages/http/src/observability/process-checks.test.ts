import { expect, it } from "vitest";
import { longestBlock, noteBlock } from "./process-checks.ts";

it("tells of the longest block of each app for a minute", () => {
  noteBlock({ ms: 900, app: "a", endedAt: 1000 });
  noteBlock({ ms: 500, app: "a", endedAt: 30_000 });
  noteBlock({ ms: 700, app: undefined, endedAt: 30_000 });
  expect(longestBlock("a", 30_000)?.ms).toBe(900);
  expect(longestBlock("a", 70_000)?.ms).toBe(500);
  expect(longestBlock("a", 100_000)).toBeUndefined();
  expect(longestBlock("gateway", 30_000)?.ms).toBe(700);
  expect(longestBlock("b", 30_000)).toBeUndefined();
});
