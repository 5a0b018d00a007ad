import { expect, test } from "vitest";
import { canSearch, fullTextQuery, wordPatterns, wordsOf } from "./search-words.ts";

test.each([
  ["Casa con jardín", ["Casa", "con", "jardín"]],
  ["  casa,,casa  ", ["casa"]],
  ["Calle 72 # 10-34", ["Calle", "72", "10", "34"]],
  ["jardi\u0301n", ["jardín"]],
  ['+casa* -"lote" @5 ~(x) <y>', ["casa", "lote", "5", "x", "y"]],
  ["100% _a_ \\ ' ;", ["100", "a"]],
  ["\u0000 \ud83c 🏠", []],
])("the words of %j", (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test("the full-text query has only words that the index holds, each with its own operators", () => {
  expect(fullTextQuery(["casa", "de", "72", "ñandú"])).toBe("+casa* +ñandú*");
  expect(canSearch(["de", "72"])).toBe(false);
  expect(canSearch([])).toBe(false);
  expect(canSearch(["de", "sol"])).toBe(true);
});

test("patterns begin a word", () => {
  expect(wordPatterns(["casa", "72"])).toEqual({ word1: "% casa%", word2: "% 72%" });
});
