import type { IncomingMessage } from "node:http";
import { trustedProxies } from "@quintet/http";
import { expect, test } from "vitest";
import { requestToken } from "./request-token.ts";
import { siteAt } from "./site.ts";

const plain = siteAt("http://quintet.test", trustedProxies(""));
const secure = siteAt("https://quintet.test", trustedProxies(""));
const asked = (headers: Record<string, string>, method = "GET") => ({ method, headers, socket: {} }) as IncomingMessage;
const cookie = "a=1; quintet-access=aa.bb; __Host-quintet-access=cc.dd; quintet=session";

test("the token of a request is that of its header, or of the cookie of this site", () => {
  expect(requestToken(plain, asked({}))).toBeUndefined();
  expect(requestToken(plain, asked({ authorization: "Bearer x.y" }))).toBe("x.y");
  expect(requestToken(plain, asked({ cookie }))).toBe("aa.bb");
  expect(requestToken(secure, asked({ cookie }))).toBe("cc.dd");
  expect(requestToken(plain, asked({ cookie: "quintet=session" }))).toBeUndefined();
});

test("an Authorization header of any kind wins over cookies", () => {
  expect(requestToken(plain, asked({ cookie, authorization: "Basic eDp5" }))).toBeUndefined();
});

test("a cookie counts for nothing in what comes from another site", () => {
  const elsewhere = { cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  expect(requestToken(plain, asked(elsewhere))).toBeUndefined();
  expect(requestToken(plain, asked({ cookie }, "POST"))).toBeUndefined();
  expect(requestToken(plain, asked({ cookie, "sec-fetch-site": "same-origin" }, "POST"))).toBe("aa.bb");
});
