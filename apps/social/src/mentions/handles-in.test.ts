import { expect, test } from "vitest";
import { handlesIn } from "./handles-in.ts";

test.each([
  ["@ana, (@Ben_1)! @ANA and @user_7.", ["ana", "ben_1", "user_7"]],
  ["¡@ana! «@ben» 東京、@eva", ["ana", "ben", "eva"]],
  ["a@example.com @ana@example.com https://example.com/@ana @x @ @@ana ana@ben", []],
  [`@${"x".repeat(31)} @anaé`, []],
])("the handles in %s", (text, handles) => {
  expect(handlesIn(text)).toEqual(handles);
});

test("a text mentions at most twenty people", () => {
  expect(handlesIn(Array.from({ length: 30 }, (_, i) => `@user${i}`).join(" "))).toHaveLength(20);
});
