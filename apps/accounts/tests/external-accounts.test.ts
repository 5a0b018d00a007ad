import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Auth } from "@quintet/auth";
import { createRemoteAuth } from "@quintet/auth/issuer";
import { connectRedis } from "@quintet/db";
import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import Provider from "oidc-provider";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { externalIssuersSetting } from "../src/external-issuers/external-issuers-setting.ts";
import { createLocalAuth } from "../src/local-auth.ts";
import { type OutsideServer, outsideServer } from "./external-issuer.ts";
import { form, type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

const log = createLogger({ service: "outside", level: "silent" });
const within = { timeout: 1000, interval: 5 };
const opened = new AsyncDisposableStack();
let server: OutsideServer;
let provider: { issuer: string; token: () => Promise<string> };
let issuer: IssuerForTests;
let remote: Auth;
let remoteUrl: string;
let settings: string;

/** A real OpenID provider on a port of its own, with one client that gets tokens for itself. */
async function realProvider() {
  const resource = "https://quintet.test/api";
  const server: Server = await new Promise((resolve) => {
    const listening = new Provider("http://127.0.0.1:1").listen(0, "127.0.0.1", () => resolve(listening));
  });
  const { port } = server.address() as AddressInfo;
  server.removeAllListeners("request");
  const url = `http://127.0.0.1:${port}`;
  const real = new Provider(url, {
    clients: [
      {
        client_id: "job",
        client_secret: "s3cret",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ["queue:send", "queue:read"],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "queue:send queue:read",
          audience: "quintet-api",
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
        }),
      },
    },
  });
  server.on("request", real.callback());
  opened.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
  opened.defer(() => server.closeAllConnections());
  const token = async () => {
    const body = form({ grant_type: "client_credentials", resource, scope: "queue:send" });
    const headers = { Authorization: `Basic ${Buffer.from("job:s3cret").toString("base64")}` };
    const answer = await fetch(`${url}/token`, { method: "POST", body, headers });
    const answered = (await answer.json()) as { access_token?: string };
    if (!answered.access_token) throw new Error(JSON.stringify(answered));
    return answered.access_token;
  };
  return { issuer: url, token };
}

beforeAll(async () => {
  server = opened.use(await outsideServer());
  provider = await realProvider();
  settings = JSON.stringify([
    { issuer: server.issuer, audience: "quintet-api", staff: { claim: "groups", value: "chiefs" } },
    { issuer: provider.issuer, audience: "quintet-api" },
  ]);
  issuer = opened.use(await issuerForTests({ news: true, externalIssuers: externalIssuersSetting.parse(settings) }));
  const listening: Listening = await serve(listenerOf(issuer.app), {
    port: 0,
    host: "127.0.0.1",
    log,
    drainSeconds: 0,
  });
  opened.defer(() => listening.close());
  const connect = () => connectRedis(inject("redisUrl"), { prefix: issuer.redisPrefix, onError: () => {} });
  remoteUrl = `http://127.0.0.1:${listening.port}`;
  const now = () => issuer.clock.now;
  remote = opened.use(createRemoteAuth({ url: remoteUrl, issuer: publicUrl, secret: issuer.secret, connect, now }));
});
afterAll(() => opened.disposeAsync());

const seconds = () => Math.floor(issuer.clock.now / 1000);
const tokenOf = (sub: string, changes: object = {}) =>
  server.sign({ sub, aud: "quintet-api", iat: seconds(), exp: seconds() + 7200, preferred_username: sub, ...changes });
const everywhere = [
  ["the issuer's process", () => issuer.auth],
  ["a process behind it", () => remote],
] as const;

describe.each(everywhere)("in %s", (place, auth) => {
  test("a token of a real provider is taken, narrowed to its scopes, for one account", async () => {
    const first = await auth().access(await provider.token());
    expect([...(first?.scopes ?? [])]).toEqual(["queue:send"]);
    expect(first?.account).toMatchObject({ username: "job", isStaff: false });
    expect((await auth().access(await provider.token()))?.account).toEqual(first?.account);
  });

  test("staff is who the configured claim makes staff, and only while it does", async () => {
    const sub = `chief of ${place}`;
    expect((await auth().access(await tokenOf(sub, { groups: ["chiefs"] })))?.account.isStaff).toBe(true);
    expect((await auth().access(await tokenOf(sub, { groups: ["others"] })))?.account.isStaff).toBe(false);
  });

  test("a bad token is refused, also beside a good one of the same person", async () => {
    expect(await auth().access(await tokenOf(`x of ${place}`))).toBeDefined();
    expect(await auth().access(await tokenOf(`x of ${place}`, { aud: "other" }))).toBeUndefined();
    expect(await auth().access(await tokenOf(`x of ${place}`, { iss: "https://elsewhere.example" }))).toBeUndefined();
  });
});

test("deactivating an account, and ending its sign-ins, ends tokens of other issuers everywhere within 1 s", async () => {
  const by = { accountId: null };
  const token = await tokenOf("leaver");
  const id = (await issuer.auth.access(token))?.account.id ?? 0;
  expect((await remote.access(token))?.account.id).toBe(id);
  const expectEnded = async (ended: string) => {
    expect(await issuer.auth.access(ended)).toBeUndefined();
    await vi.waitFor(async () => expect(await remote.access(ended)).toBeUndefined(), within);
  };
  await issuer.auth.changes.setActive(id, false, by);
  await expectEnded(token);
  await expectEnded(await tokenOf("leaver", { jti: "while deactivated" }));
  await issuer.auth.changes.setActive(id, true, by);
  await expectEnded(token);
  issuer.clock.now += 1000;
  const next = await tokenOf("leaver");
  expect((await issuer.auth.access(next))?.account.id).toBe(id);
  expect((await remote.access(next))?.account.id).toBe(id);
  await issuer.auth.changes.endSessions(id, by);
  await expectEnded(next);
});

test("ending sign-ins while the clock is a day ahead ends nothing for a day that is issued afterwards", async () => {
  await using own = await issuerForTests({ externalIssuers: externalIssuersSetting.parse(settings) });
  const day = 86_400_000;
  const issued = () => {
    const now = Math.floor(own.clock.now / 1000);
    return server.sign({ sub: "early", aud: "quintet-api", iat: now, exp: now + 7200, jti: String(own.clock.now) });
  };
  own.clock.now += day;
  const ended = await issued();
  const id = (await own.auth.access(ended))?.account.id ?? 0;
  await own.auth.changes.endSessions(id, { accountId: null });
  own.clock.now -= day;
  expect(await own.auth.access(await issued())).toBeUndefined();
  own.clock.now += 1000;
  expect((await own.auth.access(await issued()))?.account.id).toBe(id);
  expect(await own.auth.access(ended)).toBeUndefined();
});

test("a token that lives longer than ours goes on, asked for anew, until its end", async () => {
  await using own = await issuerForTests({ externalIssuers: externalIssuersSetting.parse(settings) });
  const now = Math.floor(own.clock.now / 1000);
  const token = await server.sign({ sub: "patient", aud: "quintet-api", iat: now, exp: now + 7200 });
  expect(await own.auth.access(token)).toBeDefined();
  own.clock.now += 3600_000;
  expect(await own.auth.access(token)).toBeDefined();
  own.clock.now += 3600_000 + 31_000;
  expect(await own.auth.access(token)).toBeUndefined();
});

test("of 100 that see somebody first at once, in two processes, all see one account", async () => {
  await using other = createLocalAuth({
    mysqlUrl: issuer.mysqlUrl,
    key: issuer.key,
    issuer: publicUrl,
    secret: randomBytes(32).toString("hex"),
    log,
    now: () => issuer.clock.now,
    externalIssuers: externalIssuersSetting.parse(settings),
  });
  const tokens = await Promise.all(Array.from({ length: 100 }, (_, i) => tokenOf("crowd", { jti: String(i) })));
  const seen = await Promise.all(tokens.map((token, i) => (i % 2 ? other : issuer.auth).access(token)));
  expect(new Set(seen.map((access) => access?.account.id)).size).toBe(1);
  expect(seen[0]?.account.id).toBeGreaterThan(0);
  const [rows] = await issuer.pool.query("SELECT username FROM auth_user WHERE username LIKE 'crowd%'");
  expect(rows).toEqual([{ username: "crowd" }]);
});

describe("an account of somebody whom another issuer knows", () => {
  test("is never an existing one, whatever username or email the token says", async () => {
    await issuer.register("victim");
    const victim = await issuer.auth.verifyPassword("victim", password);
    const claimed = { email: "victim@example.com", email_verified: true, preferred_username: "victim" };
    const access = await issuer.auth.access(await tokenOf("attacker", claimed));
    expect(access?.account.id).not.toBe(victim?.id);
    expect(access?.account).toMatchObject({ username: expect.stringMatching(/^victim-[0-9a-f]+$/), email: "" });
    expect((await issuer.auth.verifyPassword("victim@example.com", password))?.id).toBe(victim?.id);
  });

  test("has the verified email that nobody has, and no other", async () => {
    const verified = await issuer.auth.access(await tokenOf("v", { email: "v@example.org", email_verified: true }));
    expect(verified?.account.email).toBe("v@example.org");
    const unverified = await issuer.auth.access(await tokenOf("u", { email: "u@example.org" }));
    expect(unverified?.account.email).toBe("");
  });

  test("has a username that the rules allow, and a password that nobody has", async () => {
    const named = async (preferred_username: string) =>
      (await issuer.auth.access(await tokenOf(randomBytes(8).toString("hex"), { preferred_username })))?.account
        .username;
    expect(await named("María José <x>@contoso.com")).toBe("María-José-x-");
    expect(await named("ⅷ\0' OR 1=1 --")).toBe("viii-OR-1-1---");
    expect(await named("   ")).toBe("user");
    expect((await named("long".repeat(100)))?.length).toBe(100);
    const [rows] = await issuer.pool.query("SELECT password FROM auth_user WHERE username = 'user'");
    const stored = (rows as { password: string }[])[0]?.password ?? "";
    expect(stored).toMatch(/^![\w-]{40}$/);
    for (const text of ["", "!", stored]) expect(await issuer.auth.verifyPassword("user", text)).toBeUndefined();
  });

  test("people whose subjects differ in case or a space at the end are several", async () => {
    const ids = await Promise.all(
      ["twin", "Twin", "twin "].map(async (sub) => (await issuer.auth.access(await tokenOf(sub)))?.account.id),
    );
    expect(new Set(ids).size).toBe(3);
  });
});

test("a client may exchange such a token itself (RFC 8693); the log tells of the new account", async () => {
  const exchange = (fields: object) =>
    issuer.send(
      "POST",
      "/auth/token",
      form({ grant_type: "urn:ietf:params:oauth:grant-type:token-exchange", ...fields }),
    );
  const type = "urn:ietf:params:oauth:token-type:access_token";
  const good = await exchange({
    subject_token: await tokenOf("swap", { exp: seconds() + 60 }),
    subject_token_type: type,
  });
  const tokens = (await good.json()) as { access_token: string; expires_in: number };
  expect(tokens).toMatchObject({ token_type: "Bearer", issued_token_type: type, expires_in: 60 });
  const id = (await remote.verifyToken(tokens.access_token))?.id;
  const { events } = { events: await issuer.auth.audit({ filter: { accountId: id }, beforeId: 2 ** 40, limit: 5 }) };
  expect(events).toMatchObject([{ action: "outside-account-made", subject: server.issuer, actorId: null }]);
  const bad = await exchange({ subject_token: await tokenOf("swap", { aud: "x" }), subject_token_type: type });
  expect([bad.status, await bad.json()]).toMatchObject([400, { error: "invalid_grant" }]);
  const kind = await exchange({ subject_token: "x", subject_token_type: "urn:ietf:params:oauth:token-type:id_token" });
  expect(await kind.json()).toMatchObject({ error: "invalid_request" });
});

test("while its issuer is away a token that was not seen yet is a 503, in every process", async () => {
  await using gone = await outsideServer();
  const externalIssuers = externalIssuersSetting.parse(
    JSON.stringify([{ issuer: gone.issuer, audience: "quintet-api" }]),
  );
  await using own = await issuerForTests({ externalIssuers });
  const now = Math.floor(own.clock.now / 1000);
  const token = await gone.sign({ sub: "x", aud: "quintet-api", iat: now, exp: now + 60 });
  await gone.stop();
  await expect(own.auth.access(token)).rejects.toMatchObject({ status: 503 });
  await gone.start();
});
