import { randomBytes } from "node:crypto";
import { ConfigError, trustedProxies } from "@quintet/http";
import { expect, test } from "vitest";
import { createAddressReader } from "./client-address.ts";

const key = randomBytes(32);
const reader = createAddressReader(trustedProxies("127.0.0.1, 10.0.0.0/8,fd00::/8"), key);
const read = (peer: string | undefined, forwardedFor?: string, vouched?: string) =>
  reader.read({ peer, forwardedFor, vouched });

test("a proxy is believed in what it added last, nobody else is", () => {
  expect(read("10.1.2.3", "6.6.6.6, 5.5.5.5")).toBe("5.5.5.5");
  expect(read("::ffff:127.0.0.1", "2001:db8::1")).toBe("2001:db8::1");
  expect(read("fd12::1", "5.5.5.5")).toBe("5.5.5.5");
  expect(read("8.8.8.8", "5.5.5.5")).toBe("8.8.8.8");
  expect(read("10.1.2.3", "not an address")).toBe("10.1.2.3");
  expect(read("10.1.2.3", "")).toBe("10.1.2.3");
  expect(read(undefined, "5.5.5.5")).toBeUndefined();
});

test("an app vouches for its client with the installation's key", () => {
  expect(read("8.8.8.8", undefined, reader.vouch("5.5.5.5"))).toBe("5.5.5.5");
  const other = createAddressReader(trustedProxies(""), randomBytes(32));
  for (const forged of [
    other.vouch("5.5.5.5"),
    "5.5.5.5",
    "5.5.5.5;",
    ";",
    reader.vouch("5.5.5.5").replace("5", "6"),
  ]) {
    expect(read("8.8.8.8", undefined, forged)).toBe("8.8.8.8");
  }
});

test.each(["here", "10.0.0.0/33", "10.0.0.0/x", "::1/129"])("%s is no proxy", (text) => {
  expect(() => trustedProxies(text)).toThrow(ConfigError);
});
