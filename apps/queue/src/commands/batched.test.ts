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

it("runs what is called while a batch runs as the next batch, of at most 256", async () => {
  const sizes: number[] = [];
  const replies: (() => void)[] = [];
  const slow = batched(async (inputs: number[]) => {
    sizes.push(inputs.length);
    await new Promise<void>((resolve) => replies.push(resolve));
    return inputs;
  });
  const first = slow(0);
  await expect.poll(() => replies.length).toBe(1);
  const rest = Promise.all(Array.from({ length: 300 }, (_, i) => slow(i + 1)));
  replies.shift()?.();
  expect(await first).toBe(0);
  await expect.poll(() => replies.length).toBe(1);
  replies.shift()?.();
  await expect.poll(() => replies.length).toBe(1);
  replies.shift()?.();
  expect(await rest).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  expect(sizes).toEqual([1, 256, 44]);
});
