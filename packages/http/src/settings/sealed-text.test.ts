import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { openText, sealText } from "./sealed-text.ts";

const key = randomBytes(32);

it("opens what it sealed, and never seals alike", () => {
  for (const text of ["", "secret", "käse 🧀 \0", "x".repeat(10_000)]) {
    const sealed = sealText(key, text, "one");
    expect(openText(key, sealed, "one")).toBe(text);
    expect(sealed).not.toBe(sealText(key, text, "one"));
    expect(sealed).not.toContain("secret");
  }
});

it("opens nothing that was changed, shortened, or sealed with another key or in another context", () => {
  const sealed = sealText(key, "secret", "one");
  const bytes = Buffer.from(sealed, "base64url");
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(openText(key, changed.toString("base64url"), "one")).toBeUndefined();
    expect(openText(key, bytes.subarray(0, at).toString("base64url"), "one")).toBeUndefined();
  }
  expect(openText(randomBytes(32), sealed, "one")).toBeUndefined();
  expect(openText(key, sealed, "two")).toBeUndefined();
  expect(openText(key, sealed)).toBeUndefined();
});
