import type { Auth, TokenSet } from "@quintet/auth";
import { createRemoteAuth, feedCredentials } from "@quintet/auth/issuer";
import { connectRedis } from "@quintet/db";
import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { form, type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

let issuer: IssuerForTests;
let listening: Listening;
let remote: Auth;
let accounts = 0;
const log = createLogger({ service: "auth", level: "silent" });
const nobody = { accountId: null };
const within = { timeout: 1000, interval: 5 };

beforeAll(async () => {
  issuer = await issuerForTests({ news: true });
  listening = await serve(listenerOf(issuer.app), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  const connect = () => connectRedis(inject("redisUrl"), { prefix: issuer.redisPrefix, onError: () => {} });
  remote = createRemoteAuth({
    url: `http://127.0.0.1:${listening.port}`,
    issuer: publicUrl,
    secret: issuer.secret,
    connect,
  });
});
afterAll(async () => {
  await remote[Symbol.asyncDispose]();
  await listening.close();
  await issuer[Symbol.asyncDispose]();
});

/** A new account with two sign-ins, known as good in both processes. */
async function person() {
  const username = `person${accounts++}`;
  await issuer.register(username);
  issuer.clock.now += 1;
  const signIn = async () => (await issuer.auth.passwordGrant(username, password)) as TokenSet;
  const first = await signIn();
  issuer.clock.now += 1;
  const second = await signIn();
  const { id } = (await remote.verifyPassword(username, password)) ?? { id: 0 };
  for (const { access_token } of [first, second]) {
    expect(await remote.verifyToken(access_token)).toMatchObject({ id });
    expect(await issuer.auth.verifyToken(access_token)).toMatchObject({ id });
  }
  const bearer = { Authorization: `Bearer ${second.access_token}` };
  return { id, username, first, second, bearer, signIn };
}

/** Expects a token to be refused here at once, and in the other process within 1 s. */
async function expectEnded({ access_token }: TokenSet): Promise<void> {
  expect(await issuer.auth.verifyToken(access_token)).toBeUndefined();
  await vi.waitFor(async () => expect(await remote.verifyToken(access_token)).toBeUndefined(), within);
}
const expectGood = async ({ access_token }: TokenSet) => {
  expect(await issuer.auth.verifyToken(access_token)).toBeDefined();
  expect(await remote.verifyToken(access_token)).toBeDefined();
};
const revoke = async (token: string) => {
  expect((await issuer.send("POST", "/auth/revoke", form({ token }))).status).toBe(200);
};

describe("within 1 s in every process", () => {
  test("an access token that is revoked ends alone", async () => {
    const { first, second } = await person();
    await revoke(first.access_token);
    await expectEnded(first);
    await expectGood(second);
    const next = (await issuer.auth.refreshGrant(first.refresh_token)) as TokenSet;
    await expectGood(next);
  });

  test("a refresh token that is revoked ends its sign-in with all access tokens, and no other", async () => {
    const { first, second } = await person();
    const next = (await issuer.auth.refreshGrant(first.refresh_token)) as TokenSet;
    await expectGood(next);
    await revoke(next.refresh_token);
    await expectEnded(next);
    await expectEnded(first);
    await expectGood(second);
  });

  test("so does one that is used again after its successor was", async () => {
    const { first, second } = await person();
    const next = (await issuer.auth.refreshGrant(first.refresh_token)) as TokenSet;
    await issuer.auth.refreshGrant(next.refresh_token);
    issuer.clock.now += 10_001;
    expect(await issuer.auth.refreshGrant(first.refresh_token)).toBeUndefined();
    await expectEnded(next);
    await expectGood(second);
  });

  test("a changed password ends every sign-in, and what is remembered of the old one", async () => {
    const { username, first, second, bearer } = await person();
    const change = (fields: object) => issuer.send("POST", "/auth/password", fields, bearer);
    const newPassword = "another horse battery";
    expect((await change({ currentPassword: "wrong", newPassword })).status).toBe(403);
    const weak = await change({ currentPassword: password, newPassword: "12345678" });
    expect([weak.status, await weak.json()]).toMatchObject([422, { errors: [{ path: "newPassword" }] }]);
    await expectGood(second);
    expect((await change({ currentPassword: password, newPassword })).status).toBe(204);
    await expectEnded(first);
    await expectEnded(second);
    for (const auth of [issuer.auth, remote]) expect(await auth.verifyPassword(username, password)).toBeUndefined();
    expect(await issuer.auth.refreshGrant(first.refresh_token)).toBeUndefined();
    expect((await change({ currentPassword: newPassword, newPassword: password })).status).toBe(401);
    await expectGood((await issuer.auth.passwordGrant(username, newPassword)) as TokenSet);
    expect(await remote.verifyPassword(username, newPassword)).toBeDefined();
  });

  test("a deactivated account is out, and back in when it is let in again", async () => {
    const { id, username, first, second, signIn } = await person();
    expect(await issuer.auth.changes.setActive(id, false, nobody)).toBe(true);
    await expectEnded(first);
    await expectEnded(second);
    for (const auth of [issuer.auth, remote]) expect(await auth.verifyPassword(username, password)).toBeUndefined();
    expect(await signIn()).toBeUndefined();
    await issuer.auth.changes.setActive(id, true, nobody);
    await expectEnded(first);
    await expectGood(await signIn());
  });

  test("sign-ins are listed and ended, one or all, by nobody else", async () => {
    const [ana, eva] = [await person(), await person()];
    const list = async (bearer: Record<string, string>) => {
      const answer = await issuer.send("GET", "/auth/sessions", undefined, bearer);
      return ((await answer.json()) as { sessions: { id: string }[] }).sessions;
    };
    const end = async (path: string, bearer: Record<string, string>) =>
      (await issuer.send("DELETE", `/auth/sessions${path}`, undefined, bearer)).status;
    const sessions = await list(ana.bearer);
    expect(sessions).toHaveLength(2);
    const older = `/${sessions[1]?.id}`;
    expect(await end(older, eva.bearer)).toBe(404);
    expect(await end("/x", ana.bearer)).toBe(400);
    await expectGood(ana.first);
    expect(await end(older, ana.bearer)).toBe(204);
    expect(await end(older, ana.bearer)).toBe(404);
    await expectEnded(ana.first);
    await expectGood(ana.second);
    expect(await end("/all", ana.bearer)).toBe(204);
    await expectEnded(ana.second);
    await expectGood(eva.first);
  });
});

test("a sign-in that races a change of the password does not outlive it", async () => {
  const { id, username } = await person();
  const grants = Array.from({ length: 6 }, () => issuer.auth.passwordGrant(username, password));
  await issuer.auth.changes.changePassword(id, password, "another horse battery", nobody);
  for (const tokens of await Promise.all(grants)) {
    if (!tokens) continue;
    expect(await issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
    expect(await issuer.auth.refreshGrant(tokens.refresh_token)).toBeUndefined();
  }
});

test("a process that starts later hears of it too, also when Redis was emptied in between", async () => {
  const { first, second } = await person();
  await revoke(first.access_token);
  const redis = connectRedis(inject("redisUrl"), { prefix: issuer.redisPrefix, onError: () => {} });
  const connect = () => connectRedis(inject("redisUrl"), { prefix: issuer.redisPrefix, onError: () => {} });
  const start = () =>
    createRemoteAuth({ url: `http://127.0.0.1:${listening.port}`, issuer: publicUrl, secret: issuer.secret, connect });
  {
    await using late = start();
    expect(await late.verifyToken(first.access_token)).toBeUndefined();
    expect(await late.verifyToken(second.access_token)).toBeDefined();
  }
  await redis.del("revocations");
  redis.disconnect();
  await using restarted = start();
  await issuer.auth.publishAllRevocations();
  expect(await restarted.verifyToken(first.access_token)).toBeUndefined();
  expect(await restarted.verifyToken(second.access_token)).toBeDefined();
});

test("a process that hears nothing does not open, and is open as soon as it hears from the issuer, without Redis", async () => {
  const { first, second, username } = await person();
  await revoke(first.access_token);
  const away = () => connectRedis("redis://127.0.0.1:9", { prefix: "", onError: () => {} });
  const start = (port: number) =>
    createRemoteAuth({ url: `http://127.0.0.1:${port}`, issuer: publicUrl, secret: issuer.secret, connect: away });
  await using never = start(9);
  const closed = { code: "unavailable", headers: { "Retry-After": "2" } };
  await expect(never.verifyToken(second.access_token)).rejects.toMatchObject(closed);
  await expect(never.verifyPassword(username, password)).rejects.toMatchObject(closed);

  await using heard = start(listening.port);
  expect(await heard.verifyToken(second.access_token)).toBeDefined();
  expect(await heard.verifyToken(first.access_token)).toBeUndefined();
  expect(await heard.verifyPassword(username, password)).toBeDefined();
  await revoke(second.access_token);
  await vi.waitFor(async () => expect(await heard.verifyToken(second.access_token)).toBeUndefined(), within);
});

test("what is revoked is told to processes that have the secret, and to nobody else", async () => {
  const ask = (Authorization?: string) =>
    issuer.send("GET", "/auth/revocations", undefined, Authorization ? { Authorization } : {});
  const { bearer } = await person();
  for (const one of [undefined, bearer.Authorization, "Bearer x", feedCredentials("another secret").header]) {
    expect((await ask(one)).status).toBe(404);
  }
  const response = await ask(feedCredentials(issuer.secret).header);
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
});

test("thousands of checks while the token is revoked: none passes 1 s later, and memory holds one entry", async () => {
  const { second } = await person();
  let revokedAt = Number.POSITIVE_INFINITY;
  let lastGood = 0;
  let checks = 0;
  const hammer = async () => {
    while (checks < 2000 || performance.now() < revokedAt + 1200) {
      const good = (await remote.verifyToken(second.access_token)) !== undefined;
      checks++;
      if (good) lastGood = performance.now();
      if (checks % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const revoking = vi
    .waitUntil(() => checks > 1000, 20_000)
    .then(async () => {
      await revoke(second.access_token);
      revokedAt = performance.now();
    });
  await Promise.all([hammer(), hammer(), revoking]);
  expect(lastGood).toBeLessThan(revokedAt + 1000);
  expect(await remote.verifyToken(second.access_token)).toBeUndefined();
});
