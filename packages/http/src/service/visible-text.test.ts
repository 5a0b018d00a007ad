import { expect, it } from "vitest";
import { isVisible } from "./visible-text.ts";

const blank = [
  "",
  " \t\n\r\f\v",
  "\u00a0\u1680\u2000\u2007\u202f\u205f\u3000\u2028\u2029\u0085",
  "\u0000\u0001\u007f\u009f",
  "\u00ad\u200b\u200c\u200d\u2060\ufeff\u180e\u061c\u200e\u202e\u2066",
  "\u115f\u1160\u3164\uffa0",
  "\u034f\u17b4\u17b5",
  "\ufe0f\ufe00\u{e0100}\u{e0020}\u180b",
  "\u2800",
  "\u0301\u20dd\u0e31\u094d",
  "\ufff9\ufffe\uffff\ufdd0",
  "\u{1d159}\u{1d173}\u{13441}\u{1bca0}",
  "\ud83d",
];

it("tells blank text, alone and together, from what is seen", () => {
  for (const text of [...blank, blank.join("")]) expect(isVisible(text), escape(text)).toBe(false);
  for (const text of [
    "a",
    "é",
    "e\u0301",
    "爬",
    "한",
    "\u1112\u1161",
    "۩",
    "😀",
    "❤️",
    "-",
    ".",
    "0",
    "\u2801",
    "क्",
    "\ue000",
  ]) {
    expect(isVisible(text), text).toBe(true);
    expect(isVisible(blank.join("") + text), text).toBe(true);
  }
});
