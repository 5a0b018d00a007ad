import { expect, test } from "vitest";
import { isRegistered, redirectUriFault } from "./redirect-uri.ts";

test.each([
  "https://example.org/cb",
  "http://127.0.0.1/cb",
  "http://[::1]:80/",
  "http://localhost/cb?x=1",
  "com.example.app:/cb",
])("%s may be registered", (uri) => expect(redirectUriFault(uri)).toBeUndefined());

test.each([
  "http://example.org/cb",
  "http://127.0.0.1.evil.example/cb",
  "http://127.0.0.2/cb",
  "https://example.org/cb#x",
  "https://user:pass@example.org/",
  "javascript:alert(1)",
  "data:text/html,x",
  "myapp:/cb",
  "/cb",
  "https://exämple.org",
  "https://example.org/\n",
  `https://example.org/${"x".repeat(1000)}`,
])("%.60j may not", (uri) => expect(redirectUriFault(uri)).toBeDefined());

test("is compared letter by letter, but for the port on the loopback interface", () => {
  const registered = ["https://example.org/cb", "http://127.0.0.1/cb", "http://[::1]:1234/"];
  for (const good of [...registered, "http://127.0.0.1:51004/cb", "http://[::1]:9/"]) {
    expect(isRegistered(good, registered)).toBe(true);
  }
  for (const bad of [
    "https://example.org/cb/",
    "https://example.org/cb?x=1",
    "https://example.org:444/cb",
    "https://example.org/CB",
    "http://127.0.0.1:51004/cb2",
    "http://127.0.0.1:51004@evil.example/cb",
    "http://127.0.0.1:99999999/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost:51004/cb",
    "https://127.0.0.1:51004/cb",
    "",
  ]) {
    expect(isRegistered(bad, registered)).toBe(false);
  }
});
