import { isUtf8 } from "node:buffer";
import { expect, it } from "vitest";
import { isUtf8Text } from "./is-utf8.ts";

/** Bytes at which the rules of UTF-8 change, and their neighbours. */
const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xec, 0xed, 0xee, 0xef];
const bytes = [...edges, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];

it("accepts exactly what Node accepts, for every sequence of bytes at which the rules change", () => {
  const different: string[] = [];
  const text = Buffer.alloc(6, "x");
  for (const a of bytes) {
    for (const b of bytes) {
      for (const c of bytes) {
        for (const d of bytes) {
          for (const [at, byte] of [a, b, c, d].entries()) text[at + 1] = byte;
          for (let end = 2; end <= 5; end++) {
            if (isUtf8Text(text, 1, end) !== isUtf8(text.subarray(1, end)))
              different.push(text.toString("hex", 1, end));
          }
        }
      }
    }
  }
  expect(different).toEqual([]);
});
