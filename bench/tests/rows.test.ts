import { describe, expect, it } from "vitest";
import { interleave, median } from "../src/interleave.ts";
import { rows } from "../src/rows.ts";

describe("the rows", () => {
  it.each(rows.map((row) => [row.name, row] as const))(
    "%s works for a second",
    async (_name, row) => {
      await row.run({ rounds: 1, seconds: 1, scale: 0.002 });
    },
    120_000,
  );
});

describe("interleave", () => {
  it("takes ratios within a round, so that a drift of the machine cancels out", async () => {
    let measured = 0;
    // The machine halves its speed after every round of two.
    const variant = (name: string, figure: number) => ({
      name,
      measure: async () => ({ figure: figure * 0.5 ** Math.floor(measured++ / 2) }),
    });
    const outcomes = await interleave([variant("base", 100), variant("double", 200)], 4);
    expect(outcomes.map((outcome) => outcome.ratio)).toEqual([1, 2]);
  });

  it("knows a median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
