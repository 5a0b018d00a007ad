import { expect, it } from "vitest";
import { joined } from "./joined.ts";

it("runs the calls of one turn as one, each with its own output", async () => {
  const runs: number[][] = [];
  const double = joined(async (inputs: number[]) => {
    runs.push(inputs);
    return inputs.map((input) => input * 2);
  });
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(runs).toEqual([[1, 2, 3], [4]]);
});

it("fails each call of a run that fails, and no other", async () => {
  let fails = true;
  const once = joined(async (inputs: number[]) => {
    if (fails) throw new Error("away");
    return inputs;
  });
  const outcomes = await Promise.allSettled([once(1), once(2)]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["rejected", "rejected"]);
  fails = false;
  expect(await once(3)).toBe(3);
});
