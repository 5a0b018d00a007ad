import { describe, expect, it } from "vitest";
import type { NameClass } from "./name-classes.ts";
import { namesToRead, planPage, planSearch } from "./search-plan.ts";

const users = 1_000_000;
const names = (mask: number, count: number, bearers: number): NameClass => ({
  mask,
  names: count,
  users: bearers,
  list: undefined,
});

describe("one word", () => {
  it("that no name contains is not read at all", () => {
    const plan = planSearch({ last: [], first: [], users, full: 1 });
    expect(plan).toMatchObject({ upperBound: 0, countCost: 0 });
    expect(namesToRead(plan)).toEqual([[], []]);
    expect(planPage(plan, users, 16)).toEqual({ scanRows: undefined, cost: 0 });
  });

  it("that is rare is looked up by its names", () => {
    const [last, first] = [names(1, 70, 18_000), names(1, 14, 1600)];
    const plan = planSearch({ last: [last], first: [first], users, full: 1 });
    expect(namesToRead(plan)).toEqual([[last], [first]]);
    expect(plan).toMatchObject({ upperBound: 19_600, countCost: 1600 });
    expect(planPage(plan, users, 16)).toEqual({ scanRows: undefined, cost: 16 + 14 * 16 });
  });

  it("that is common is read by a scan, which ends soon if it is not", () => {
    const [last, first] = [names(1, 19_000, 640_000), names(1, 3900, 770_000)];
    const plan = planSearch({ last: [last], first: [first], users, full: 1 });
    expect(plan.expected).toBe(640_000 + 770_000 - 492_800);
    expect(planPage(plan, users, 16)).toEqual({ scanRows: 5000, cost: 18 });
  });

  it("that is not so common is read by a longer scan", () => {
    const plan = planSearch({ last: [names(1, 9, 20_000)], first: [names(1, 3900, 40_000)], users, full: 1 });
    expect(planPage(plan, users, 100)).toEqual({ scanRows: 4 * 1690, cost: 1690 });
  });

  it("scans at most all users", () => {
    const plan = planSearch({ last: [names(1, 19_000, 640_000)], first: [names(1, 9, 500_000)], users, full: 1 });
    expect(planPage(plan, users, 700_000)).toEqual({ scanRows: users, cost: 853_659 });
  });
});

describe("two words", () => {
  it("are found together in one name, or one in each, from the rarer side", () => {
    const [l1, l2, l3] = [names(1, 50, 11_000), names(2, 70, 17_000), names(3, 2, 500)];
    const [f1, f2] = [names(1, 30, 9000), names(2, 14, 1600)];
    const plan = planSearch({ last: [l1, l2, l3], first: [f1, f2], users, full: 3 });
    expect(plan.full).toEqual({ last: l3, first: undefined });
    expect(plan.split).toEqual({ last: [], first: [f1, f2] });
    expect(plan.countCost).toBe(10_600);
  });

  it("that cannot occur together are not read", () => {
    const plan = planSearch({ last: [names(1, 5, 500_000), names(2, 9, 400_000)], first: [], users, full: 3 });
    expect(plan).toMatchObject({ split: { last: [], first: [] }, countCost: 0, upperBound: 0 });
  });
});

describe("eight words", () => {
  const full = 255;
  const random = (seed: number) => () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed;
  };

  it.each([1, 2, 3])("have a cover of all pairs that reads no more than any one word, seed %i", (seed) => {
    const next = random(seed);
    const some = () =>
      Array.from({ length: 256 }, (_, mask) => names(mask, 1, 1 + (next() % 10_000))).filter(
        (one) => one.mask > 0 && next() % 8 > 0,
      );
    const [last, first] = [some(), some()];
    const plan = planSearch({ last, first, users, full });
    for (const l of last) {
      for (const f of first) {
        if ((l.mask | f.mask) !== full || l.mask === full || f.mask === full) continue;
        expect(plan.split.last.includes(l) || plan.split.first.includes(f)).toBe(true);
      }
    }
    const total = (classes: NameClass[]) => classes.reduce((sum, one) => sum + one.users, 0);
    for (let bit = 1; bit < full; bit *= 2) {
      const ofWord = (classes: NameClass[]) => classes.filter((one) => one.mask & bit && one.mask !== full);
      expect(total(plan.split.last) + total(plan.split.first)).toBeLessThanOrEqual(
        total(ofWord(last)) + total(ofWord(first)),
      );
    }
  });
});
