import { createServer } from "node:net";
import { connectRedis } from "@quintet/db";
import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { form, type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";
import { hiddenFields, personAtBrowser } from "./person-at-browser.ts";

let issuer: IssuerForTests;
let listening: Listening;
let origin: string;
let owner: Record<string, string>;
const insecure = { [oauth.allowInsecureRequests]: true };
const redirectUri = "http://127.0.0.1:51004/cb";

beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  issuer = await issuerForTests({ issuer: origin });
  const log = createLogger({ service: "auth", level: "silent" });
  listening = await serve(listenerOf(issuer.app), { port, host: "127.0.0.1", log, drainSeconds: 0 });
  await issuer.register("ana");
  await issuer.register("owner");
  owner = { Authorization: `Bearer ${(await issuer.auth.passwordGrant("owner", password))?.access_token}` };
});
afterAll(async () => {
  await listening.close();
  await issuer[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** A client that `owner` has registered. */
async function register(fields: object): Promise<{ id: string; secret: string }> {
  const answer = await issuer.send("POST", "/auth/clients", { name: "Test <client>", ...fields }, owner);
  expect(answer.status).toBe(201);
  return (await answer.json()) as { id: string; secret: string };
}
const native = () =>
  register({ scope: "social:read queue:send", redirectUris: ["http://127.0.0.1/cb"], confidential: false });
const machine = () => register({ scope: "queue:send queue:receive account:read" });
const server = async () => {
  const url = new URL(origin);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: "oauth2", ...insecure }));
};

describe("oauth4webapi", () => {
  test("authorization code with PKCE at a loopback port, then refresh and revocation", async () => {
    const as = await server();
    const client: oauth.Client = { client_id: (await native()).id };
    const auth = oauth.None();
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const address = new URL(as.authorization_endpoint ?? "");
    address.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "social:read",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
    }).toString();
    const back = await personAtBrowser(origin).consent(address, "ana", password);
    const parameters = oauth.validateAuthResponse(as, client, back, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      auth,
      parameters,
      redirectUri,
      verifier,
      insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer);
    expect(tokens).toMatchObject({ token_type: "bearer", scope: "social:read", expires_in: 900 });
    expect(await issuer.auth.verifyToken(tokens.access_token)).toMatchObject({ username: "ana" });

    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token ?? "", insecure),
    );
    expect(refreshed.scope).toBe("social:read");
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, refreshed.refresh_token ?? "", insecure),
    );
    for (const { access_token } of [tokens, refreshed])
      expect(await issuer.auth.verifyToken(access_token)).toBeUndefined();
  });

  test("client credentials, narrowed, and introspection, with both ways to send the secret", async () => {
    const as = await server();
    const { id, secret } = await machine();
    const client: oauth.Client = { client_id: id };
    for (const auth of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)]) {
      const request = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: "queue:send" }, insecure);
      const tokens = await oauth.processClientCredentialsResponse(as, client, request);
      expect(tokens).toMatchObject({ scope: "queue:send", token_type: "bearer" });
      expect(tokens.refresh_token).toBeUndefined();
      const introspect = async (token: string) =>
        oauth.processIntrospectionResponse(
          as,
          client,
          await oauth.introspectionRequest(as, client, auth, token, insecure),
        );
      expect(await introspect(tokens.access_token)).toMatchObject({
        active: true,
        client_id: id,
        scope: "queue:send",
        username: "owner",
      });
      await issuer.auth.revoke(tokens.access_token);
      for (const token of [tokens.access_token, "x", "a.b.c"])
        expect(await introspect(token)).toEqual({ active: false });
    }
  });
});

describe("openid-client", () => {
  const discover = (id: string, auth?: openid.ClientAuth) =>
    openid.discovery(new URL(origin), id, undefined, auth, {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });

  test("authorization code with PKCE and a secret, then refresh", async () => {
    const { id, secret } = await register({ scope: "all", redirectUris: ["https://example.org/cb"] });
    const config = await discover(id, openid.ClientSecretBasic(secret));
    const verifier = openid.randomPKCECodeVerifier();
    const address = openid.buildAuthorizationUrl(config, {
      redirect_uri: "https://example.org/cb",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const back = await personAtBrowser(origin).consent(address, "ana@example.com", password);
    const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    expect(tokens.scope).toBe("all");
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "", { scope: "social:read" });
    expect(refreshed.scope).toBe("social:read");
    await expect(openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier })).rejects.toMatchObject({
      error: "invalid_grant",
    });
    // The code was used twice: what it began is over.
    expect(await issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });

  test("client credentials, introspection and revocation", async () => {
    const { id, secret } = await machine();
    const config = await discover(id, openid.ClientSecretPost(secret));
    const tokens = await openid.clientCredentialsGrant(config);
    expect(tokens.scope).toBe("account:read queue:send queue:receive");
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true });
    await openid.tokenRevocation(config, tokens.access_token);
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: false });
  });

  test("an account that does not agree is an error at the client", async () => {
    const { id } = await native();
    const config = await discover(id, openid.None());
    const verifier = openid.randomPKCECodeVerifier();
    const challenge = await openid.calculatePKCECodeChallenge(verifier);
    const parameters = { redirect_uri: redirectUri, code_challenge: challenge, code_challenge_method: "S256" };
    const address = openid.buildAuthorizationUrl(config, parameters);
    const back = await personAtBrowser(origin).consent(address, "ana", password, "deny");
    await expect(openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier })).rejects.toMatchObject({
      error: "access_denied",
    });
  });
});

describe("refused", () => {
  const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const address = (fields: Record<string, string | undefined>) => {
    const url = new URL("/auth/authorize", origin);
    const all = {
      response_type: "code",
      redirect_uri: redirectUri,
      code_challenge: challenge,
      code_challenge_method: "S256",
      ...fields,
    };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  };
  const codeFor = async (id: string, person = personAtBrowser(origin)) =>
    (await person.consent(address({ client_id: id }), "ana", password)).searchParams.get("code") ?? "";
  const exchange = async (fields: Record<string, string>) => {
    const all = { grant_type: "authorization_code", redirect_uri: redirectUri, code_verifier: verifier, ...fields };
    const answer = await issuer.send("POST", "/auth/token", form(all));
    return ((await answer.json()) as { error?: string }).error ?? "none";
  };

  test("a client or redirect URI that is not known: a page, never a redirect", async () => {
    const { id } = await native();
    const person = personAtBrowser(origin);
    for (const fields of [
      {},
      { client_id: "x" },
      { client_id: "' OR 1=1 --" },
      { client_id: id, redirect_uri: undefined },
      { client_id: id, redirect_uri: "https://evil.example/cb" },
      { client_id: id, redirect_uri: "http://127.0.0.1:1@evil.example/cb" },
      { client_id: id, redirect_uri: "http://127.0.0.1:51004/other" },
    ]) {
      const answer = await person.open(address(fields).href);
      expect(answer.status).toBe(400);
      expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    }
  });

  test("anything else is told to the client, with its state and the issuer", async () => {
    const { id } = await native();
    for (const [fields, error] of [
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ code_challenge: undefined }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ code_challenge: "short" }, "invalid_request"],
      [{ scope: "queue:manage" }, "invalid_scope"],
      [{ scope: "all" }, "invalid_scope"],
      [{ scope: "nothing" }, "invalid_scope"],
    ] as const) {
      const answer = await fetch(address({ client_id: id, state: "s&=", ...fields }), { redirect: "manual" });
      const told = new URL(answer.headers.get("location") ?? "").searchParams;
      expect([answer.status, told.get("error"), told.get("state"), told.get("iss")]).toEqual([
        303,
        error,
        "s&=",
        origin,
      ]);
    }
  });

  test("a code with another verifier, redirect URI, client, or too late", async () => {
    const { id } = await native();
    const other = await native();
    const person = personAtBrowser(origin);
    expect(await exchange({ client_id: id, code: await codeFor(id, person), code_verifier: "x".repeat(43) })).toBe(
      "invalid_grant",
    );
    expect(await exchange({ client_id: id, code: await codeFor(id, person), code_verifier: challenge })).toBe(
      "invalid_grant",
    );
    expect(
      await exchange({ client_id: id, code: await codeFor(id, person), redirect_uri: "http://127.0.0.1:1/cb" }),
    ).toBe("invalid_grant");
    expect(await exchange({ client_id: other.id, code: await codeFor(id, person) })).toBe("invalid_grant");
    expect(await exchange({ code: await codeFor(id, person) })).toBe("invalid_client");
    for (const code of ["", "x", "' OR 1=1", "a".repeat(43)]) {
      expect(await exchange({ client_id: id, code })).toBe(code === "" ? "invalid_request" : "invalid_grant");
    }
    const late = await codeFor(id, person);
    issuer.clock.now += 60_000;
    expect(await exchange({ client_id: id, code: late })).toBe("invalid_grant");
    const good = await codeFor(id, person);
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange({ client_id: id, code: good })));
    expect(answers.filter((answer) => answer === "none")).toHaveLength(1);
  });

  test("clients with wrong secrets, refresh tokens of other clients, and what has been removed", async () => {
    const [{ id, secret }, other] = [await machine(), await native()];
    const asking = (fields: Record<string, string>) =>
      issuer.send("POST", "/auth/token", form({ grant_type: "client_credentials", ...fields }));
    for (const fields of [
      { client_id: id },
      { client_id: id, client_secret: "x" },
      { client_id: other.id, client_secret: secret },
    ]) {
      const answer = await asking(fields as Record<string, string>);
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([401, "invalid_client"]);
    }
    expect((await asking({ client_id: other.id })).status).toBe(400);
    expect((await asking({ client_id: id, client_secret: secret, scope: "queue:manage" })).status).toBe(400);
    const own = await issuer.auth.passwordGrant("ana", password);
    const stolen = { grant_type: "refresh_token", refresh_token: own?.refresh_token ?? "", client_id: other.id };
    expect((await issuer.send("POST", "/auth/token", form(stolen))).status).toBe(400);
    expect(await issuer.auth.refreshGrant(own?.refresh_token ?? "")).toBeDefined();

    const tokens = (await (await asking({ client_id: id, client_secret: secret })).json()) as { access_token: string };
    expect(await issuer.auth.verifyToken(tokens.access_token)).toBeDefined();
    expect((await issuer.send("DELETE", `/auth/clients/${id}`, undefined, owner)).status).toBe(204);
    expect((await issuer.send("DELETE", `/auth/clients/${id}`, undefined, owner)).status).toBe(404);
    expect(await issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
    expect((await asking({ client_id: id, client_secret: secret })).status).toBe(401);
  });

  test("with an Idempotency-Key the same client is answered again, and Redis holds its secret only sealed", async () => {
    const headers = { ...owner, "Idempotency-Key": "once" };
    const add = () => issuer.send("POST", "/auth/clients", { name: "once", scope: "all" }, headers);
    const first = (await (await add()).json()) as { secret: string };
    expect(await (await add()).json()).toEqual(first);
    const redis = connectRedis(inject("redisUrl"), { prefix: "", onError: () => {} });
    const keys = await redis.keys(`${issuer.redisPrefix}idempotency:*`);
    const kept = await Promise.all(keys.map((key) => redis.get(key)));
    redis.disconnect();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.join()).not.toContain(first.secret);
  });

  test("no secret is stored, and the list tells none", async () => {
    const { secret } = await machine();
    const [rows] = await issuer.pool.query("SELECT * FROM auth_client");
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(await (await issuer.send("GET", "/auth/clients", undefined, owner)).text()).not.toContain(secret);
  });

  test.each([
    { redirectUris: ["javascript:alert(1)"] },
    { redirectUris: ["http://example.org/"] },
    { scope: "everything" },
    { scope: "" },
    { name: "a\u202Eb" },
    { name: "" },
    { owner: 1 },
  ])("a client with %j", async (fields) => {
    const all = { name: "x", scope: "all", ...fields };
    expect((await issuer.send("POST", "/auth/clients", all, owner)).status).toBe(422);
  });
});

describe("the pages", () => {
  test("a consent page escapes the client's name, and its form is bound to the browser and to this site", async () => {
    const { id } = await native();
    const person = personAtBrowser(origin);
    await person.signIn("ana", password);
    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: redirectUri,
      response_type: "code",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    });
    const page = await person.open(`/auth/authorize?${query}`);
    expect(page.headers.get("content-security-policy")).toContain("form-action 'self' http://127.0.0.1:51004;");
    const text = await page.text();
    expect(text).toContain("Test &lt;client&gt;");
    const fields = { ...hiddenFields(text), decision: "allow" };
    expect((await person.post("/auth/authorize", fields, { Origin: "https://evil.example" })).status).toBe(403);
    expect((await person.post("/auth/authorize", { ...fields, form_token: "x" })).status).toBe(403);
    const stranger = personAtBrowser(origin);
    await stranger.signIn("owner", password);
    expect((await stranger.post("/auth/authorize", fields)).status).toBe(403);
    expect((await person.post("/auth/authorize", fields)).status).toBe(303);
  });

  test("signing in sets a cookie that no script and no other site gets, and leads to no other site", async () => {
    const person = personAtBrowser(origin);
    expect((await person.open("/auth/account")).headers.get("location")).toMatch(/^\/auth\/sign-in\?next=/);
    const wrong = await person.signIn("ana", "wrong");
    expect([wrong.status, await wrong.text()]).toEqual([
      400,
      expect.stringContaining("The username or password is wrong."),
    ]);
    for (const next of ["https://evil.example", "//evil.example", "/auth/authorize?\\evil", "/queue"]) {
      expect((await person.signIn("ana", password, next)).headers.get("location")).toBe("/auth/account");
    }
    const answer = await person.signIn("ana", password);
    expect(answer.headers.get("set-cookie")).toMatch(
      /^quintet=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(
      (await person.post("/auth/sign-in", { username: "ana", password }, { Origin: "https://evil.example" })).status,
    ).toBe(403);
    expect((await person.open("/auth/account")).status).toBe(200);
    const [cookie = ""] = person.cookies.values();
    expect(await issuer.auth.refreshGrant(cookie)).toBeUndefined();
  });

  test("my account: sign-ins are ended, the password is changed, one signs out", async () => {
    await issuer.register("carla");
    const person = personAtBrowser(origin);
    const elsewhere = await issuer.auth.passwordGrant("carla", password);
    await person.signIn("carla", password);
    const page = await (await person.open("/auth/account")).text();
    const { form_token = "" } = hiddenFields(page);
    const ids = [...page.matchAll(/name="id" value="([0-9a-f-]{36})"/g)].map(([, id = ""]) => id);
    expect(ids).toHaveLength(2);
    expect((await person.post("/auth/account/sessions", { id: ids[0] ?? "" })).status).toBe(403);
    const own = page.indexOf("(this one)") < page.indexOf(ids[1] ?? "") ? 0 : 1;
    await person.post("/auth/account/sessions", { form_token, id: ids[1 - own] ?? "" });
    expect(await issuer.auth.verifyToken(elsewhere?.access_token ?? "")).toBeUndefined();
    expect((await person.open("/auth/account")).status).toBe(200);
    const change = (fields: Record<string, string>) => person.post("/auth/account/password", { form_token, ...fields });
    expect((await change({ currentPassword: "wrong", newPassword: "another horse battery" })).status).toBe(400);
    expect((await change({ currentPassword: password, newPassword: "another horse battery" })).status).toBe(303);
    expect((await person.open("/auth/account")).status).toBe(303);
    await person.signIn("carla", "another horse battery");
    const fresh = hiddenFields(await (await person.open("/auth/account")).text());
    expect((await person.post("/auth/sign-out", { form_token: fresh.form_token ?? "" })).status).toBe(303);
    expect((await person.open("/auth/account")).status).toBe(303);
  });
});
