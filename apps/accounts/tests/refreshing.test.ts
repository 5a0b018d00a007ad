import { createHash } from "node:crypto";
import type { TokenSet } from "@quintet/auth";
import { createLogger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalAuth } from "../src/local-auth.ts";
import { form, type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

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

test("a used token gives the same successor again for 10 s, whatever became of that", async () => {
  const first = await signIn();
  const second = await refresh(first);
  issuer.clock.now += 10_000;
  expect(await refresh(first)).toBe(second);
  expect(await refresh(second)).not.toBe(second);
  expect(await refresh(first)).toBe(second);
});

test("a lost response: a used token gives its successor again however late, until that was used", async () => {
  const first = await signIn();
  const second = await refresh(first);
  issuer.clock.now += 29 * 24 * 3600_000;
  const together = await Promise.all(Array.from({ length: 20 }, () => refresh(first)));
  expect(new Set(together)).toEqual(new Set([second]));
  const third = await refresh(second);
  issuer.clock.now += 10_001;
  expect(await refresh(second)).toBe(third);
  await expectRefused(first);
  await expectRefused(third);
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

test("a lost response after QUINTET_SECRET was changed: another successor in the place of the one that nobody has", async () => {
  const first = await signIn();
  const lost = await refresh(first);
  const log = createLogger({ service: "auth", level: "silent" });
  const { key, mysqlUrl, clock } = issuer;
  await using other = createLocalAuth({
    mysqlUrl,
    key,
    issuer: publicUrl,
    secret: "x".repeat(32),
    log,
    now: () => clock.now,
  });
  const second = (await other.refreshGrant(first))?.refresh_token ?? "";
  expect(second).not.toBe(lost);
  expect((await other.refreshGrant(first))?.refresh_token).toBe(second);
  await expectRefused(lost);
  const third = await refresh(second);
  clock.now += 10_001;
  expect(await other.refreshGrant(first)).toBeUndefined();
  await expectRefused(third);
});

test("a clock that was set back makes no used token good again", async () => {
  issuer.clock.now += 24 * 3600_000;
  const first = await signIn();
  const second = await refresh(first);
  const third = await refresh(second);
  issuer.clock.now -= 24 * 3600_000;
  await expectRefused(first);
  await expectRefused(third);
});

describe("what is refused leaves the token as it was", () => {
  const ask = async (token: string, fields: Record<string, string>) => {
    const answer = await issuer.send(
      "POST",
      "/auth/token",
      form({ grant_type: "refresh_token", refresh_token: token, ...fields }),
    );
    return [answer.status, ((await answer.json()) as { error?: string }).error];
  };
  const used = async (token: string) => {
    const [rows] = await issuer.pool.query<RowDataPacket[]>(
      `SELECT t.used_at FROM auth_refresh_token t JOIN auth_refresh_family f ON f.id = t.family_id
        WHERE t.token_hash = ? AND f.revoked_at IS NULL`,
      [createHash("sha256").update(token).digest()],
    );
    return rows.map((row) => row.used_at !== null);
  };

  test("a scope beyond what was granted, or not known", async () => {
    username = `person${accounts++}`;
    await issuer.register(username);
    const first = (await issuer.auth.passwordGrant(username, password, { scope: "queue:send queue:read" }))
      ?.refresh_token as string;
    for (const scope of ["social:read", "all", "nothing", " "]) {
      for (let i = 0; i < 2; i++) expect(await ask(first, { scope })).toEqual([400, "invalid_scope"]);
    }
    expect(await used(first)).toEqual([false]);
    issuer.clock.now += 60_000;
    const second = await refresh(first);
    expect(await ask(first, { scope: "social:read" })).toEqual([400, "invalid_scope"]);
    expect(await used(second)).toEqual([false]);
    issuer.clock.now += 60_000;
    expect(await ask(second, { scope: "queue:send" })).toEqual([200, undefined]);
  });

  test("another client, one that is not known, a wrong secret, two ways to prove it", async () => {
    const first = await signIn();
    const account = await issuer.auth.verifyPassword(username, password);
    const redirectUris = ["http://127.0.0.1/cb"];
    const { client } = await issuer.auth.clients.add(
      account?.id ?? 0,
      { name: "Other", scope: "all", redirectUris, confidential: false },
      { accountId: account?.id ?? 0 },
    );
    expect(await ask(first, { client_id: client.id })).toEqual([400, "invalid_grant"]);
    expect(await ask(first, { client_id: "x" })).toEqual([401, "invalid_client"]);
    expect(await ask(first, { client_id: client.id, client_secret: "x" })).toEqual([401, "invalid_client"]);
    expect(await used(first)).toEqual([false]);
    await refresh(first);
  });

  test("an account that may not act just now", async () => {
    const first = await signIn();
    await issuer.pool.query("UPDATE auth_user SET is_active = 0 WHERE username = ?", [username]);
    for (let i = 0; i < 2; i++) await expectRefused(first);
    expect(await used(first)).toEqual([false]);
    await issuer.pool.query("UPDATE auth_user SET is_active = 1 WHERE username = ?", [username]);
    issuer.clock.now += 60_000;
    await refresh(first);
  });

  test("a database that fails in the middle", async () => {
    const first = await signIn();
    await issuer.pool.query(
      `CREATE TRIGGER failing BEFORE INSERT ON auth_refresh_token FOR EACH ROW
         SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no more'`,
    );
    await present(first).finally(() => issuer.pool.query("DROP TRIGGER failing"));
    expect(await used(first)).toEqual([false]);
    issuer.clock.now += 60_000;
    await refresh(first);
  });
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
  const third = await refresh(second);
  issuer.clock.now += 10_001;
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => present(i === 25 ? third : first)));
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  await expectRefused(third);
});

test("a family ends 30 days after its last use", async () => {
  const day = 24 * 3600_000;
  const first = await signIn();
  issuer.clock.now += 29 * day;
  const second = await refresh(first);
  issuer.clock.now += 29 * day;
  const third = await refresh(second);
  issuer.clock.now += 30 * day;
  await expectRefused(third);
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
