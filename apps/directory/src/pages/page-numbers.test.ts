import { expect, it } from "vitest";
import { shownPageNumbers } from "./page-numbers.ts";

it.each([
  [1, 1, [1]],
  [1, 3, [1, 2, 3]],
  [1, 20, [1, 2, 3, null, 19, 20]],
  [5, 20, [1, 2, 3, 4, 5, 6, 7, null, 19, 20]],
  [10, 20, [1, 2, null, 8, 9, 10, 11, 12, null, 19, 20]],
  [20, 20, [1, 2, null, 18, 19, 20]],
])("page %i of %i is shown among %j", (current, last, shown) => {
  expect(shownPageNumbers(current, last)).toEqual(shown);
});
