import { connectRedis } from "@quintet/db";
import { testPrefix } from "@quintet/db/testing";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { redisBudgets } from "../src/limits/budgets.ts";
import { type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";

// What an issuer does whose clock was a day ahead for a while.

const day = 24 * 3600_000;
const minute = 60_000;
let issuer: IssuerForTests;
beforeAll(async () => {
  issuer = await issuerForTests({ news: true });
  await issuer.register("ana");
});
afterAll(() => issuer[Symbol.asyncDispose]());

/** When what was revoked last is forgotten, and for how long after now (ms). */
async function keptFor(kind: string): Promise<number> {
  const [rows] = await issuer.pool.query<RowDataPacket[]>(
    "SELECT MAX(until_at) AS at FROM auth_revocation WHERE kind = ?",
    [kind],
  );
  return Number(rows[0]?.at ?? 0) - issuer.clock.now;
}

const grant = async () => {
  const tokens = await issuer.auth.passwordGrant("ana", password);
  if (!tokens) throw new Error("ana cannot sign in");
  return tokens;
};

test("what is revoked then stays revoked when the time of its tokens comes", async () => {
  issuer.clock.now += day;
  const [one, other, last] = [await grant(), await grant(), await grant()];
  issuer.clock.now -= day;
  // None is good yet.
  for (const { access_token } of [one, other, last]) {
    expect(await issuer.auth.verifyToken(access_token)).toBeUndefined();
  }
  await issuer.auth.revoke(one.access_token);
  expect(await keptFor("token")).toBeGreaterThan(day + 15 * minute);
  await issuer.auth.revoke(other.refresh_token);
  expect(await keptFor("session")).toBeGreaterThan(day + 15 * minute);
  const id = (await issuer.auth.verifyPassword("ana", password))?.id ?? 0;
  await issuer.auth.changes.endSessions(id, { accountId: id });
  expect(await keptFor("account")).toBeGreaterThan(day + 15 * minute);
});

test("a token that nobody here has signed is not revoked, whenever it says it was made", async () => {
  const [header = "", , signature = ""] = (await grant()).access_token.split(".");
  const claims = Buffer.from(JSON.stringify({ iat: issuer.clock.now / 1000 + 9e9, jti: "x", sub: "1" }));
  await issuer.auth.revoke(`${header}.${claims.toString("base64url")}.${signature}`);
  const [rows] = await issuer.pool.query<RowDataPacket[]>("SELECT 1 FROM auth_revocation WHERE subject = 'x'");
  expect(rows).toEqual([]);
});

test("a link to a new password and a code of then are not good for a day", async () => {
  const account = await issuer.auth.verifyPassword("ana", password);
  issuer.clock.now += day;
  const { url } = await issuer.auth.resetLinks.createFor(account?.id ?? 0, { accountId: null });
  const token = new URL(url).searchParams.get("token") ?? "";
  expect(await issuer.auth.resetLinks.isGood(token)).toBe(true);
  issuer.clock.now -= day;
  expect(await issuer.auth.resetLinks.isGood(token)).toBe(false);
});

test("a budget that was taken from then is full, not empty for a day", async () => {
  const redis = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
  onTestFinished(() => redis.disconnect());
  const keys = ["p", "a", "l", "k"] as const;
  const none = { attempts: 0, eachMs: 0 };
  const take = () => redisBudgets(redis).take(keys, [none, { attempts: 3, eachMs: minute }, none]);
  await redis.set("{attempts}:a", Date.now() + day);
  expect([await take(), await take(), await take()]).toEqual([0, 0, 0]);
  expect(await take()).toBeGreaterThan(0);
});
