import { expect, test } from "vitest";
import { tagsIn } from "./tags.ts";

test.each([
  ["#Coffee and #COFFEE, (#café) #Cafe\u0301", ["coffee", "café"]],
  ["#ｆｕｌｌ ＃width #STRASSE #straße #ΣΑΣ #σας", ["full", "width", "strasse", "σας"]],
  ["#東京 #snake_case #a1 #1a ##double", ["東京", "snake_case", "a1", "1a"]],
  ["C# #1 #_ # a#b https://example.com/#part &#x27; https://example.com/a#b", []],
  [`#${"x".repeat(50)} #${"y".repeat(51)} #${"ﬃ".repeat(20)}`, ["x".repeat(50)]],
])("the tags of %s", (text, tags) => {
  expect(tagsIn(text)).toEqual(tags);
});

test("a post has at most ten tags, those of the title first", () => {
  const many = Array.from({ length: 20 }, (_, i) => `#tag${i}`).join(" ");
  expect(tagsIn("#first", many)).toEqual(["first", ...Array.from({ length: 9 }, (_, i) => `tag${i}`)]);
});
