import { createHmac, createSecretKey } from "node:crypto";
import { isIPv6 } from "node:net";
import { counter, Problem } from "@quintet/http";
import type { BudgetSizes, Budgets } from "./budgets.ts";

const minute = 60_000;
const pair = { attempts: 100, eachMs: minute };
const address = { attempts: 300, eachMs: 6000 };
const login = { attempts: 100, eachMs: 10_000 };
const none = { attempts: 0, eachMs: 0 };
const knownMs = 30 * 24 * 60 * minute;

const checks = counter("quintet_password_checks_total", "Checks of a username and a password.", ["outcome"]);

/** Runs a password check within the limits; throws a 429 with `Retry-After` when one is exceeded. */
export type LimitedCheck = <T>(
  login: string,
  address: string | undefined,
  check: () => Promise<T | undefined>,
) => Promise<T | undefined>;

/**
 * Limits wrong passwords: 100 per login and address, then one a minute; 300 per address (a /64 of IPv6), then ten a minute; 100 per
 * login from anywhere, then six a minute. The last one does not apply where the login has succeeded within 30 days, so that nobody
 * can lock the owner out. A correct password does not count. Names count whether they exist or not, under digests with `key`, so
 * that the store contains no names.
 */
export function createLoginLimits(budgets: Budgets, key: Buffer): LimitedCheck {
  const secret = createSecretKey(key);
  const digest = (...parts: string[]) =>
    createHmac("sha256", secret).update(parts.join("\n")).digest("base64url").slice(0, 22);
  return async (name, from, check) => {
    const who = name.normalize("NFKC").toLowerCase();
    const place = from === undefined ? "" : networkOf(from);
    const keys = [
      digest("pair", place, who),
      digest("address", place),
      digest("login", who),
      digest("known", place, who),
    ];
    const sizes: BudgetSizes = from === undefined ? [none, none, login] : [pair, address, login];
    const [a = "", b = "", c = "", d = ""] = keys;
    const wait = await budgets.take([a, b, c, d], sizes);
    if (wait > 0) {
      checks.inc({ outcome: "limited" });
      throw new Problem("too-many-requests", "Too many wrong passwords. Try again later.", {
        headers: { "Retry-After": String(Math.ceil(wait / 1000)) },
      });
    }
    let wrong = false;
    let good = false;
    try {
      const result = await check();
      good = result !== undefined;
      wrong = !good;
      checks.inc({ outcome: good ? "good" : "wrong" });
      return result;
    } finally {
      if (!wrong) await budgets.refund([a, b, c, d], sizes, good && from !== undefined ? knownMs : 0);
    }
  };
}

/** The part of an address that one client can hardly change: all of IPv4, the first 64 bits of IPv6. */
export function networkOf(text: string): string {
  const plain = text.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").replace(/%.*$/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
