import { expect, it } from "vitest";
import { batched } from "./batched.ts";

it("runs the calls of one turn as one batch, each with its own output", async () => {
  const runs: number[][] = [];
  const double = batched(async (inputs: number[]) => {
    runs.push(inputs);
    return inputs.map((input) => input * 2);
  });
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(runs).toEqual([[1, 2, 3], [4]]);
});

it("fails every call of a failing batch, and no other", async () => {
  let fails = true;
  const once = batched(async (inputs: number[]) => {
    if (fails) throw new Error("unavailable");
    return inputs;
  });
  const outcomes = await Promise.allSettled([once(1), once(2)]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["rejected", "rejected"]);
  fails = false;
  expect(await once(3)).toBe(3);
});
