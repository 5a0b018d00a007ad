import { createHmac, generateKeyPairSync } from "node:crypto";
import type { Account } from "@quintet/auth";
import { createRevokedTable, createTokenCheck } from "@quintet/auth/issuer";
import { createLocalJWKSet, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { newSigningKey } from "../src/testing.ts";
import { signAccessToken } from "../src/tokens/sign-access-token.ts";
import { readSigningKey, type SigningKey } from "../src/tokens/signing-key.ts";

const issuer = "https://quintet.example";
const account: Account = {
  id: 7,
  username: "ana",
  email: "ana@example.com",
  isStaff: true,
  createdAt: "2026-01-02T03:04:05.678Z",
};
const grant = { epoch: 0, scope: "all", clientId: "quintet" };
const second = 1000;
const start = Date.parse("2026-06-01T12:00:00Z");

let key: SigningKey;
let other: SigningKey;
beforeAll(async () => {
  key = await readSigningKey(newSigningKey());
  other = await readSigningKey(newSigningKey());
});

/** A table of revocations that is never out of date. */
function heardTable(now: () => number) {
  const table = createRevokedTable(now, now);
  table.markCurrent(Number.POSITIVE_INFINITY);
  return table;
}

/** A check with its own clock that counts how often it looks for a key. */
function checker() {
  const clock = { now: start };
  const keys = createLocalJWKSet({ keys: [key.publicJwk] });
  let looked = 0;
  const revoked = heardTable(() => clock.now);
  const run = createTokenCheck({
    issuer,
    keys: (header, token) => {
      looked++;
      return keys(header, token);
    },
    revoked,
    now: () => clock.now,
    elapsed: () => clock.now,
  });
  const check = async (token: string) => (await run(token))?.access.account;
  const known = (token: string) => run.known(token)?.access.account;
  return { clock, check, known, revoked, looked: () => looked };
}

const claims = () => ({
  iss: issuer,
  aud: "quintet",
  sub: "7",
  client_id: "quintet",
  iat: start / second,
  exp: start / second + 900,
  jti: "one",
  scope: "all",
  username: "ana",
  email: "ana@example.com",
  staff: true,
  created: account.createdAt,
});

/** A token whose claims and header differ from a good one's. */
function signed(
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  by = key,
): Promise<string> {
  const all = { alg: "EdDSA", typ: "at+jwt", kid: key.kid, ...header };
  return new SignJWT({ ...claims(), ...changes }).setProtectedHeader(all).sign(by.privateKey);
}

test("a token of the issuer gives the whole account", async () => {
  const { check } = checker();
  expect(await check(signAccessToken(key, issuer, account, grant, start))).toEqual(account);
  expect(await check(await signed())).toEqual(account);
});

test("a cached token gives nothing to another one with the same signature", async () => {
  const { check, known } = checker();
  const token = await signed();
  expect(known(token)).toBeUndefined();
  await check(token);
  expect(known(token)).toEqual(account);
  const [, , signature] = token.split(".");
  const [head, payload] = (await signed({ sub: "8" })).split(".");
  const forged = `${head}.${payload}.${signature}`;
  expect([known(forged), await check(forged)]).toEqual([undefined, undefined]);
  expect(known(token)).toEqual(account);
});

test("a cached token is known until it is revoked or expires", async () => {
  const { check, known, revoked } = checker();
  const token = await signed({ jti: "two" });
  await check(token);
  revoked.add({ kind: "token", subject: "one", epoch: 0 });
  expect(known(token)).toEqual(account);
  revoked.add({ kind: "token", subject: "two", epoch: 0 });
  expect(known(token)).toBeUndefined();
  const next = await signed();
  const later = checker();
  await later.check(next);
  later.clock.now += 1000 * second;
  expect(later.known(next)).toBeUndefined();
});

describe("refused", () => {
  const cases: Record<string, () => string | Promise<string>> = {
    "another key under the known kid": () => signed({}, {}, other),
    "an unknown kid": () => signed({}, { kid: other.kid }, other),
    "a kid that is a path": () => signed({}, { kid: "../../dev/null" }),
    "no kid and another key": () => signed({}, { kid: undefined }, other),
    "a key in its own header": () => signed({}, { kid: undefined, jwk: other.publicJwk }, other),
    "an address of keys in its own header": () =>
      signed({}, { kid: other.kid, jku: "https://evil.example/jwks" }, other),
    "a certificate's address in its own header": () =>
      signed({}, { kid: other.kid, x5u: "https://evil.example/x" }, other),
    "another issuer": () => signed({ iss: "https://evil.example" }),
    "the issuer with a slash": () => signed({ iss: `${issuer}/` }),
    "another audience": () => signed({ aud: "other" }),
    "no audience": () => signed({ aud: undefined }),
    "no issuer": () => signed({ iss: undefined }),
    "no end": () => signed({ exp: undefined }),
    "no start": () => signed({ iat: undefined }),
    "an end that is text": () => signed({ exp: "tomorrow" }),
    "no subject": () => signed({ sub: undefined }),
    "a subject that is no id": () => signed({ sub: "7 OR 1=1" }),
    "no username": () => signed({ username: undefined }),
    "staff that is text": () => signed({ staff: "true" }),
    "no client": () => signed({ client_id: undefined }),
    "a token of another kind": () => signed({}, { typ: "JWT" }),
    "a token of no kind": () => signed({}, { typ: undefined }),
    "expired by more than 30 s": () => signed({ iat: start / second - 931, exp: start / second - 31 }),
    "issued more than 30 s in the future": () => signed({ iat: start / second + 31 }),
    "not yet valid": () => signed({ nbf: start / second + 31 }),
    "older than 15 minutes, whatever it says": () => signed({ iat: start / second - 931, exp: start / second + 900 }),
    "alg none": () => new UnsecuredJWT(claims()).encode(),
    "alg none with a kid": () => forged({ alg: "none", typ: "at+jwt", kid: key.kid }, () => ""),
    "HS256 with the public key": () =>
      forged({ alg: "HS256", typ: "at+jwt", kid: key.kid }, (input) =>
        createHmac("sha256", Buffer.from(key.publicJwk.x, "base64url")).update(input).digest("base64url"),
      ),
    "HS256 with the public key as JSON": () =>
      forged({ alg: "HS256", typ: "at+jwt", kid: key.kid }, (input) =>
        createHmac("sha256", JSON.stringify(key.publicJwk)).update(input).digest("base64url"),
      ),
    "ES256 by another key": () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return new SignJWT(claims()).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: key.kid }).sign(privateKey);
    },
    "a changed claim": async () => {
      const [header, , signature] = (await signed()).split(".");
      return `${header}.${Buffer.from(JSON.stringify({ ...claims(), sub: "1" })).toString("base64url")}.${signature}`;
    },
    "no signature": async () => (await signed()).replace(/[^.]*$/, ""),
    "a critical header that is not understood": () =>
      forged({ alg: "EdDSA", typ: "at+jwt", kid: key.kid, crit: ["b64"], b64: false }, () => "AAAA"),
    "an encrypted one": () => "a.b.c.d.e",
    "no token": () => "",
    "some text": () => "swordfish",
    "only dots": () => "..",
    "other scripts": () => "é.ü.😀\0",
    "a megabyte": () => `${"a".repeat(500_000)}.${"b".repeat(500_000)}.c`,
  };
  test.each(Object.entries(cases))("%s", async (_name, make) => {
    expect(await checker().check(await make())).toBeUndefined();
  });

  function forged(header: object, sign: (input: string) => string): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const input = `${part(header)}.${part(claims())}`;
    return `${input}.${sign(input)}`;
  }
});

describe("a clock that differs by 30 s is allowed, and not one second more", () => {
  const now = start / second;
  const claimsOf: [string, (skew: number) => Record<string, unknown>][] = [
    ["issued in the future", (skew) => ({ iat: now + skew })],
    ["good from the future on", (skew) => ({ nbf: now + skew })],
    // The end itself is too late already (RFC 7519 section 4.1.4).
    ["expired", (skew) => ({ iat: now - 900, exp: now - skew + 1 })],
  ];
  test.each(claimsOf)("%s", async (_name, change) => {
    expect(await checker().check(await signed(change(30)))).toEqual(account);
    expect(await checker().check(await signed(change(31)))).toBeUndefined();
  });

  test("to the millisecond, whether the token was seen before or not", async () => {
    const token = await signed();
    const end = start + 900 * second;
    const known = checker();
    for (const at of [start, end + 29_999]) {
      known.clock.now = at;
      expect(await known.check(token)).toEqual(account);
    }
    const late = checker();
    late.clock.now = end + 29_999;
    expect(await late.check(token)).toEqual(account);
    for (const { clock, check } of [known, late, checker()]) {
      clock.now = end + 30_000;
      expect(await check(token)).toBeUndefined();
    }
  });
});

test("a good token is verified once and remembered until it expires, 30 s of skew included", async () => {
  const { check, clock, looked } = checker();
  const token = signAccessToken(key, issuer, account, grant, start);
  await Promise.all(Array.from({ length: 50 }, () => check(token)));
  expect(await check(token)).toEqual(account);
  expect(looked()).toBe(1);
  clock.now = start + 929 * second;
  expect(await check(token)).toEqual(account);
  expect(looked()).toBe(1);
  clock.now = start + 930 * second;
  expect(await check(token)).toBeUndefined();
});

test("a bad token is not remembered, and a key that cannot be had is an error", async () => {
  const token = await signed();
  let away = true;
  const known = createLocalJWKSet({ keys: [key.publicJwk] });
  const run = createTokenCheck({
    issuer,
    revoked: heardTable(() => start),
    keys: async (header, input) => {
      if (away) throw new Error("away");
      return known(header, input);
    },
    now: () => start,
    elapsed: () => start,
  });
  await expect(run(token)).rejects.toThrow("away");
  away = false;
  expect((await run(token))?.access.account).toEqual(account);
});

test("a token that was remembered while the clock was a day ahead is not good for a day when that is set back", async () => {
  const clock = { now: start + 86_400_000, elapsed: 0 };
  const run = createTokenCheck({
    issuer,
    keys: createLocalJWKSet({ keys: [key.publicJwk] }),
    revoked: heardTable(() => clock.now),
    now: () => clock.now,
    elapsed: () => clock.elapsed,
  });
  const token = signAccessToken(key, issuer, account, grant, clock.now);
  expect(await run(token)).toBeDefined();
  clock.now = start + 930 * second;
  clock.elapsed = 930 * second;
  expect(await run(token)).toBeUndefined();
});
