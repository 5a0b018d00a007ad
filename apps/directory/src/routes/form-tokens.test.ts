import { expect, it } from "vitest";
import { checkFormToken, formToken } from "./form-tokens.ts";

const key = Buffer.alloc(32, 1);
const purpose = { account: 1, action: "edit", user: 7 } as const;

it("is valid for two hours, for one purpose", () => {
  const now = Date.now();
  const token = formToken(key, purpose, now);
  expect(checkFormToken(key, purpose, token, now + 7_190_000)).toBe("good");
  expect(checkFormToken(key, purpose, token, now + 7_210_000)).toBe("expired");
  for (const other of [
    { ...purpose, account: 2 },
    { ...purpose, user: 8 },
    { ...purpose, action: "delete" as const },
  ]) {
    expect(checkFormToken(key, other, token, now)).toBe("forged");
  }
  const later = token.replace(/^\d+/, (end) => String(Number(end) + 1));
  for (const forged of [later, "", ".", "x", `${token}x`]) expect(checkFormToken(key, purpose, forged)).toBe("forged");
});
