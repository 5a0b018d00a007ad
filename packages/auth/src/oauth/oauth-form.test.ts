import { describe, expect, test } from "vitest";
import { OAuthError, oauthForm, requiredParameter } from "./oauth-form.ts";

const type = "application/x-www-form-urlencoded";
const none = new URLSearchParams();

test("reads the parameters; one without a value is absent", async () => {
  const body = "grant_type=password&username=Ana+M&password=%C3%A4&scope=";
  const form = await oauthForm(`${type}; charset=UTF-8`, none, async () => body);
  expect(Object.fromEntries(form)).toEqual({ grant_type: "password", username: "Ana M", password: "ä" });
  expect(() => requiredParameter(form, "scope")).toThrow("scope is missing.");
});

describe("refuses", () => {
  test.each([
    ["another media type", "application/json", "", '{"grant_type":"password"}', "application/x-www-form-urlencoded"],
    ["no media type", undefined, "", "a=b", "application/x-www-form-urlencoded"],
    ["a parameter that comes twice", type, "", "a=b&a=b", "a must not be repeated"],
    ["a parameter in the URL", type, "grant_type=password", "a=b", "grant_type must not be in the URL"],
  ])("%s", async (_name, contentType, query, body, description) => {
    const reading = oauthForm(contentType, new URLSearchParams(query), async () => body);
    await expect(reading).rejects.toThrow(OAuthError);
    await expect(reading).rejects.toThrow(description);
  });

  test("and never answers text that RFC 6749 does not allow", async () => {
    const body = `${encodeURIComponent('"ä\\\n')}=1&${encodeURIComponent('"ä\\\n')}=2`;
    await expect(oauthForm(type, none, async () => body)).rejects.toThrow("???? must not be repeated.");
  });
});
