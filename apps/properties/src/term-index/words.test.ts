import { expect, test } from "vitest";
import { matchesWords, wordsOf } from "./words.ts";

test.each([
  ["Casa con jardín", ["casa", "con", "jardin"]],
  ["  casa,,Casa CASÁ ", ["casa"]],
  ["Calle 72 # 10-34", ["calle", "72", "10", "34"]],
  ["jardi\u0301n jardín", ["jardin"]],
  ["x\u030Cy\u0323\u0301z", ["xyz"]],
  ['+casa* -"lote" @5 ~(x) <y>', ["casa", "lote", "5", "x", "y"]],
  ["100% _a_b_ \\ ' ;", ["100", "a", "b"]],
  ["ΟΔΟΣ οδος Ὀδός", ["οδοσ"]],
  ["Straße STRASSE", ["strasse"]],
  ["İstanbul ısı", ["istanbul", "isi"]],
  ["Й и", ["и"]],
  ["160 m²", ["160", "m2"]],
  ["ｆｕｌｌ ﬁne", ["full", "fine"]],
  ["爬楼, 楼梯", ["爬楼", "楼梯"]],
  ["\u0000 \ud83c 🏠", []],
])("the words of %j", (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test("folding what is folded changes nothing", () => {
  for (let first = 1; first < 0x30000; first += 256) {
    const codes = Array.from({ length: 256 }, (_, i) => first + i).filter((code) => code < 0xd800 || code > 0xdfff);
    const words = wordsOf(codes.map((code) => String.fromCodePoint(code)).join(" "));
    expect(wordsOf(words.join(" ")).join(" ")).toBe(words.join(" "));
  }
});

test.each([
  ["jard", true],
  ["JARDÍN casa", true],
  ["ardin", false],
  ["casa xyzzy", false],
])("%s begins words of a text: %s", (q, expected) => {
  expect(matchesWords("Casa con jardín", wordsOf(q))).toBe(expected);
});
