import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TokenSet } from "../src/account.ts";
import { form, type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";

let issuer: IssuerForTests;
let username: string;
let accounts = 0;
beforeAll(async () => {
  issuer = await issuerForTests();
});
afterAll(() => issuer[Symbol.asyncDispose]());

/** The refresh token of a new account's sign-in. */
async function signIn(): Promise<string> {
  username = `person${accounts++}`;
  await issuer.register(username);
  const tokens = await issuer.auth.passwordGrant(username, password);
  return tokens?.refresh_token ?? "";
}

const present = (token: string) =>
  issuer.send("POST", "/auth/token", form({ grant_type: "refresh_token", refresh_token: token }));

/** Presents a token that must be good; answers its successor. */
async function refresh(token: string): Promise<string> {
  const answer = await present(token);
  expect(answer.status).toBe(200);
  const tokens = (await answer.json()) as TokenSet;
  expect(await issuer.auth.verifyToken(tokens.access_token)).toMatchObject({ username });
  return tokens.refresh_token;
}

async function expectRefused(token: string): Promise<void> {
  const answer = await present(token);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: "invalid_grant" });
}

test("each token is followed by another", async () => {
  const first = await signIn();
  const second = await refresh(first);
  const third = await refresh(second);
  expect(new Set([first, second, third]).size).toBe(3);
});

test("a used token gives the same successor again within 10 s", async () => {
  const first = await signIn();
  const second = await refresh(first);
  issuer.clock.now += 10_000;
  expect(await refresh(first)).toBe(second);
  expect(await refresh(first)).toBe(second);
  expect(await refresh(second)).not.toBe(second);
});

test("after that it ends its whole family, and no other", async () => {
  const otherFamily = await signIn();
  const otherName = username;
  const first = await signIn();
  const second = await refresh(first);
  issuer.clock.now += 10_001;
  const third = await refresh(second);
  await expectRefused(first);
  await expectRefused(second);
  await expectRefused(third);
  username = otherName;
  await refresh(otherFamily);
});

test("50 clients with one token get one successor", async () => {
  const first = await signIn();
  const successors = await Promise.all(Array.from({ length: 50 }, () => refresh(first)));
  expect(new Set(successors).size).toBe(1);
  const [rows] = await issuer.pool.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS tokens, COUNT(DISTINCT family_id) AS families FROM auth_refresh_token WHERE family_id =
      (SELECT f.id FROM auth_refresh_family f JOIN auth_user u ON u.id = f.account_id WHERE u.username = ?)`,
    [username],
  );
  expect(rows[0]).toEqual({ tokens: 2, families: 1 });
});

test("50 clients with a stolen token and its owner: the family ends", async () => {
  const first = await signIn();
  const second = await refresh(first);
  issuer.clock.now += 10_001;
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => present(i === 25 ? second : first)));
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  await expectRefused(second);
});

test("a family ends 30 days after its last use and is then removed", async () => {
  const day = 24 * 3600_000;
  const first = await signIn();
  issuer.clock.now += 29 * day;
  const second = await refresh(first);
  issuer.clock.now += 29 * day;
  const third = await refresh(second);
  issuer.clock.now += 30 * day;
  await expectRefused(third);
  issuer.clock.now += 1;
  await signIn();
  const [rows] = await issuer.pool.query<RowDataPacket[]>("SELECT COUNT(*) AS tokens FROM auth_refresh_token");
  expect(rows[0]?.tokens).toBe(1);
});

test("a family ends 180 days after the sign-in, however often it is used", async () => {
  const day = 24 * 3600_000;
  let token = await signIn();
  for (let i = 0; i < 8; i++) {
    issuer.clock.now += 20 * day;
    token = await refresh(token);
  }
  issuer.clock.now += 20 * day - 1;
  const last = await refresh(token);
  issuer.clock.now += 1;
  await expectRefused(last);
});

test("an account that is not active, or gone, cannot refresh", async () => {
  const token = await signIn();
  await issuer.pool.query("UPDATE auth_user SET is_active = 0 WHERE username = ?", [username]);
  await expectRefused(token);
  await issuer.pool.query("DELETE FROM auth_user WHERE username = ?", [username]);
  await expectRefused(token);
});

test.each(["swordfish", "a".repeat(43), "a".repeat(100_000), "' OR 1=1 --", "\0", "😀"])(
  "%.20j is refused",
  expectRefused,
);

test("no token is stored as it is", async () => {
  const token = await signIn();
  const [rows] = await issuer.pool.query<RowDataPacket[]>("SELECT * FROM auth_refresh_token JOIN auth_refresh_family");
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(rows.some((row) => (row.token_hash as Buffer).equals(Buffer.from(token, "base64url")))).toBe(false);
});

describe("POST /auth/revoke", () => {
  const revoke = (fields: Record<string, string>) => issuer.send("POST", "/auth/revoke", form(fields));

  test("ends the sign-in, by its newest token or an older one", async () => {
    const first = await signIn();
    const second = await refresh(first);
    const answer = await revoke({ token: first, token_type_hint: "refresh_token" });
    expect([answer.status, await answer.text(), answer.headers.get("cache-control")]).toEqual([200, "", "no-store"]);
    await expectRefused(second);
  });

  test("accepts an access token, an unknown one and one that was revoked before", async () => {
    const tokens = await issuer.auth.passwordGrant(username, password);
    for (const token of [tokens?.access_token ?? "", "swordfish", "a".repeat(43)]) {
      expect((await revoke({ token })).status).toBe(200);
    }
    const token = await signIn();
    expect((await revoke({ token })).status).toBe(200);
    expect((await revoke({ token })).status).toBe(200);
  });

  test("needs a token", async () => {
    const answer = await revoke({ token_type_hint: "refresh_token" });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: "invalid_request" });
  });
});
