import { expect, test } from "vitest";
import { usernameFromEmail } from "./username.ts";

test("an email that may be a username is one", () => {
  expect(usernameFromEmail("ana.maria+x@example.com")).toBe("ana.maria+x@example.com");
});

test("any other email gets a username of its own", () => {
  const long = `${"a".repeat(64)}@${"b.".repeat(90)}com`;
  const names = ["o'brien@example.com", "o_brien@example.com", "o&brien@example.com", long].map(usernameFromEmail);
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(name).toMatch(/^[\w.@+-]{1,150}$/);
});
