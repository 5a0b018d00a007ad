import type { Auth } from "@quintet/auth";
import { createRemoteAuth, feedPath } from "@quintet/auth/issuer";
import { connectRedis } from "@quintet/db";
import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

let issuer: IssuerForTests;
let listening: Listening;
let requests: string[] = [];
const clients = new AsyncDisposableStack();
const clock = { now: Date.now() };

/** The issuer on a port of its own, or on the one that it had. */
async function listen(port = 0): Promise<void> {
  const answer = listenerOf(issuer.app);
  listening = await serve(
    (request, response) => {
      // Whether a beat is missed is not what is counted here.
      if (!request.url?.startsWith(feedPath)) requests.push(`${request.method} ${request.url}`);
      answer(request, response);
    },
    { port, host: "127.0.0.1", log: createLogger({ service: "auth", level: "silent" }), drainSeconds: 0 },
  );
}

const connect = () => connectRedis(inject("redisUrl"), { prefix: issuer.redisPrefix, onError: () => {} });

/** A client that knows nothing yet. */
function client(): Auth {
  requests = [];
  return clients.use(
    createRemoteAuth({
      url: `http://127.0.0.1:${listening.port}`,
      issuer: publicUrl,
      secret: issuer.secret,
      connect,
      now: () => clock.now,
      elapsed: () => clock.now,
    }),
  );
}

beforeAll(async () => {
  issuer = await issuerForTests({ news: true });
  await issuer.register("ana");
  await listen();
});
afterAll(async () => {
  await clients.disposeAsync();
  await listening.close();
  await issuer[Symbol.asyncDispose]();
});

const freshToken = async () => (await issuer.auth.passwordGrant("ana", password))?.access_token ?? "";

describe("while the issuer is there", () => {
  test("tokens are verified with keys that are fetched once", async () => {
    const auth = client();
    const tokens = await Promise.all(Array.from({ length: 5 }, freshToken));
    const accounts = await Promise.all(tokens.map((token) => auth.verifyToken(token)));
    expect(accounts.map((account) => account?.username)).toEqual(Array(5).fill("ana"));
    expect(await auth.verifyToken(tokens[0] ?? "")).toEqual(await issuer.auth.verifyPassword("ana", password));
    expect(requests).toEqual(["GET /auth/.well-known/jwks.json"]);
  });

  test("passwords are asked about once a minute", async () => {
    const auth = client();
    const expected = await issuer.auth.verifyPassword("ana", password);
    const checks = Array.from({ length: 20 }, () => auth.verifyPassword("ana", password));
    expect(await Promise.all(checks)).toEqual(Array(20).fill(expected));
    expect(requests).toEqual(["GET /auth/me"]);
    expect(await auth.verifyPassword("ana", "wrong")).toBeUndefined();
    expect(await auth.verifyPassword("ana:x", password)).toBeUndefined();
    expect(await auth.verifyPassword("", password)).toBeUndefined();
    expect(await auth.verifyPassword("😀\0", "\0😀")).toBeUndefined();
  });

  test("the password grant", async () => {
    const auth = client();
    const tokens = await auth.passwordGrant("ana@example.com", password);
    expect(await auth.verifyToken(tokens?.access_token ?? "")).toMatchObject({ username: "ana" });
    expect(await issuer.auth.refreshGrant(tokens?.refresh_token ?? "")).toBeDefined();
    for (const [login, secret] of [
      ["ana", "wrong"],
      ["nobody", "x"],
      ["", "x"],
      ["ana", ""],
    ] as const) {
      expect(await auth.passwordGrant(login, secret)).toBeUndefined();
    }
  });

  test("registering, with the issuer's own conflicts and faults", async () => {
    const auth = client();
    const input = { username: "berta", email: "berta@example.com", password };
    expect(await auth.register(input)).toEqual(await issuer.auth.verifyPassword("berta", password));
    await expect(auth.register({ ...input, email: "other@example.com" })).rejects.toMatchObject({
      code: "conflict",
      errors: [{ path: "username", message: "is taken" }],
    });
    await expect(auth.register({ ...input, username: "a b" })).rejects.toMatchObject({
      code: "unprocessable",
      errors: [{ path: "username" }],
    });
  });

  test("an active account by its id, asked about once; one that is deactivated is unknown within 2 s", async () => {
    await issuer.register("leaver");
    const by = { accountId: null, clientAddress: undefined };
    const auth = client();
    const expected = await issuer.auth.verifyPassword("leaver", password);
    const leaver = expected?.id ?? 0;
    expect(await Promise.all([auth.activeAccount(leaver), auth.activeAccount(leaver)])).toEqual([expected, expected]);
    expect(await auth.activeAccount(leaver)).toEqual(expected);
    expect(await issuer.auth.activeAccount(leaver)).toEqual(expected);
    expect(await auth.activeAccount(999_999)).toBeUndefined();
    expect(requests).toEqual([`GET /auth/active-accounts/${leaver}`, "GET /auth/active-accounts/999999"]);
    await issuer.auth.changes.setActive(leaver, false, by);
    expect(await issuer.auth.activeAccount(leaver)).toBeUndefined();
    await vi.waitFor(async () => expect(await auth.activeAccount(leaver)).toBeUndefined(), 2000);
    await issuer.auth.changes.setActive(leaver, true, by);
    expect(await auth.activeAccount(leaver)).toEqual(expected);
  });

  test("an account by its id is for processes of this installation only", async () => {
    const { status, headers } = await issuer.send("GET", "/auth/active-accounts/1");
    expect([status, headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    const stranger = clients.use(
      createRemoteAuth({
        ...{ url: `http://127.0.0.1:${listening.port}`, issuer: publicUrl, secret: "x".repeat(32), connect },
        ...{ now: () => clock.now, elapsed: () => clock.now },
      }),
    );
    await expect(stranger.activeAccount(1)).rejects.toMatchObject({ code: "bad-gateway" });
  });

  test("unknown kids cost one request in 10 s", async () => {
    const auth = client();
    await auth.verifyToken(await freshToken());
    const stranger = (kid: string) =>
      `${Buffer.from(JSON.stringify({ alg: "EdDSA", typ: "at+jwt", kid })).toString("base64url")}.e30.AAAA`;
    const ask = (round: string) =>
      Promise.all(Array.from({ length: 20 }, (_, i) => auth.verifyToken(stranger(`${round}${i}`))));
    expect(await ask("a")).toEqual(Array(20).fill(undefined));
    expect(requests).toHaveLength(1);
    clock.now += 10_000;
    await ask("b");
    await ask("c");
    expect(requests).toHaveLength(2);
  });
});

test("while the issuer is away tokens go on, passwords that were checked too, the rest is a 503", async () => {
  const auth = client();
  const stranger = client();
  const known = await freshToken();
  const unseen = await freshToken();
  const fresh = await freshToken();
  expect(await auth.verifyToken(known)).toBeDefined();
  expect(await auth.verifyPassword("ana", password)).toBeDefined();
  await listening.close();

  expect(await auth.verifyToken(known)).toMatchObject({ username: "ana" });
  expect(await auth.verifyToken(unseen)).toMatchObject({ username: "ana" });
  clock.now += 6 * 60_000; // The keys are old by now; asking for new ones fails unheard.
  expect(await auth.verifyToken(fresh)).toMatchObject({ username: "ana" });
  expect(await auth.verifyToken("swordfish")).toBeUndefined();
  const away = { code: "unavailable", headers: { "Retry-After": "2" } };
  await expect(auth.verifyPassword("ana", password)).rejects.toMatchObject(away);
  await expect(auth.passwordGrant("ana", password)).rejects.toMatchObject(away);
  await expect(auth.register({ username: "x", email: "x@example.com", password })).rejects.toMatchObject(away);
  await expect(stranger.verifyToken(known)).rejects.toMatchObject(away);
  await expect(stranger.verifyToken(known)).rejects.toMatchObject(away);

  await listen(listening.port);
  expect(await auth.verifyPassword("ana", password)).toBeDefined();
  clock.now += 1000;
  expect(await stranger.verifyToken(known)).toMatchObject({ username: "ana" });
});

test("an AUTH_URL where something else answers is a 502, without its text", async () => {
  await using auth = createRemoteAuth({
    url: `http://127.0.0.1:${listening.port}/elsewhere`,
    issuer: publicUrl,
    secret: issuer.secret,
    connect,
  });
  await expect(auth.verifyPassword("ana", password)).rejects.toMatchObject({ code: "bad-gateway" });
  await expect(auth.verifyToken(await freshToken())).rejects.toMatchObject({ code: "bad-gateway" });
});
