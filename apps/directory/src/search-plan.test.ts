import { describe, expect, it } from "vitest";
import type { NameClass } from "./name-classes.ts";
import { planSearch } from "./search-plan.ts";

const users = 1_000_000;
const names = (mask: number, count: number, bearers: number): NameClass => ({
  mask,
  names: count,
  users: bearers,
  list: undefined,
});
const waysOf = (plan: ReturnType<typeof planSearch>) => plan.shares.map((share) => share.by);

describe("one word", () => {
  it("that nobody bears is not read at all", () => {
    expect(planSearch({ last: [], first: [], users, full: 1 }, 16)).toEqual({
      shares: [],
      base: 0,
      counted: [],
      isExact: true,
      most: 0,
    });
  });

  it("that is rare is looked up by its names, and counted", () => {
    const [last, first] = [names(1, 70, 18_000), names(1, 14, 1600)];
    const plan = planSearch({ last: [last], first: [first], users, full: 1 }, 16);
    expect(waysOf(plan)).toEqual(["last-names", "first-names"]);
    expect(plan).toMatchObject({ base: 19_600, isExact: true, most: 19_600 });
    expect(plan.counted).toEqual([{ crossing: { last, first }, sign: -1 }]);
  });

  it("that is common is met on a walk, and its crossing estimated", () => {
    const plan = planSearch(
      { last: [names(1, 19_000, 640_000)], first: [names(1, 3900, 770_000)], users, full: 1 },
      16,
    );
    expect(waysOf(plan)).toEqual(["last-names", "walk"]);
    expect(plan).toMatchObject({ base: 640_000 + 770_000 - 492_800, counted: [], isExact: false });
  });

  it("that is common is read by one walk when the page is deep", () => {
    const last = [names(1, 19_000, 640_000)];
    expect(waysOf(planSearch({ last, first: [], users, full: 1 }, 100_000))).toEqual(["walk-all"]);
    expect(waysOf(planSearch({ last: [names(1, 70, 18_000)], first: [], users, full: 1 }, 10_000))).toEqual([
      "last-names",
    ]);
  });
});

describe("two words", () => {
  it("are found together in one name, or one in each", () => {
    const [l1, l2, l3] = [names(1, 50, 11_000), names(2, 70, 17_000), names(3, 2, 500)];
    const [f1, f2] = [names(1, 30, 9000), names(2, 14, 1600)];
    const plan = planSearch({ last: [l1, l2, l3], first: [f1, f2], users, full: 3 }, 16);
    expect(plan.shares).toEqual([
      { by: "last-names", last: l3 },
      { by: "first-names", last: l1, first: f2 },
      { by: "first-names", last: l2, first: f1 },
    ]);
    expect(plan.counted.map(({ sign }) => sign)).toEqual([1, 1]);
    expect(plan.base).toBe(500);
  });

  it("are read by last names when these are the rarer", () => {
    const [last, first] = [names(1, 5, 300), names(2, 400, 50_000)];
    expect(planSearch({ last: [last], first: [first], users, full: 3 }, 16).shares).toEqual([
      { by: "last-names", last, first },
    ]);
  });
});
