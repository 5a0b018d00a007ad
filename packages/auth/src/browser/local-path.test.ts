import { expect, test } from "vitest";
import { localPath } from "./local-path.ts";

test.each([
  "/",
  "/directory/users/new",
  "/auth/authorize?a=1&state=%2F%2F",
  "/a?next=//b",
  "/a#b",
  "/a/../b",
  "/sign-in",
])("%s is a path of this site", (text) => expect(localPath(text)).toBe(text));

test.each([
  undefined,
  "",
  "a",
  "//evil",
  "///evil",
  "/\\evil",
  "\\\\evil",
  "/a\\..\\..\\evil",
  "/.//evil",
  "/a/..//evil",
  "/%2e//evil",
  "https://evil",
  "https:evil",
  "javascript:alert(1)",
  "/a\r\nSet-Cookie: x=1",
  "/a\n",
  "/a b",
  "/a\u0000",
  "/ä",
  "/\u2028",
  `/${"a".repeat(8000)}`,
  "/auth/sign-in",
  "/auth/sign-in?next=/a",
  "/auth/sign-up",
  "/auth/sign-out",
  "/auth/renew?next=/a",
  "/auth/x/../renew",
  "/auth/sign-in/",
])("%j is none", (text) => expect(localPath(text)).toBeUndefined());
