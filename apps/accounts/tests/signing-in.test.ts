import { createPublicKey } from "node:crypto";
import { scopeNames, type TokenSet } from "@quintet/auth";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PublicKey } from "../src/tokens/signing-key.ts";
import { form, type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

let issuer: IssuerForTests;
beforeAll(async () => {
  issuer = await issuerForTests();
  await issuer.register("ana");
});
afterAll(() => issuer[Symbol.asyncDispose]());

const basic = (login: string, secret: string) => ({
  Authorization: `Basic ${Buffer.from(`${login}:${secret}`).toString("base64")}`,
});
const token = (fields: Record<string, string>) => issuer.send("POST", "/auth/token", form(fields));
const signIn = (username: string, secret = password) => token({ grant_type: "password", username, password: secret });

describe("the password grant", () => {
  test.each(["ana", "ana@example.com", "ANA@EXAMPLE.COM"])("by %s", async (login) => {
    const answer = await signIn(login);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
      scope: "all",
    });
  });

  test("gives an RFC 9068 token that the public key verifies", async () => {
    const { access_token } = (await (await signIn("ana")).json()) as TokenSet;
    expect(decodeProtectedHeader(access_token)).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: issuer.key.kid });
    const keys = (await (await issuer.send("GET", "/auth/.well-known/jwks.json")).json()) as { keys: PublicKey[] };
    expect(keys.keys).toEqual([{ ...issuer.key.publicJwk }]);
    const publicKey = createPublicKey({ key: { ...keys.keys[0] }, format: "jwk" });
    const { payload } = await jwtVerify(access_token, publicKey, { issuer: publicUrl, audience: "quintet" });
    const now = Math.floor(issuer.clock.now / 1000);
    expect(payload).toMatchObject({ client_id: "quintet", scope: "all", iat: now, exp: now + 900 });
    expect(payload).toMatchObject({ username: "ana", email: "ana@example.com", staff: false });
    expect(Object.keys(payload)).toEqual(expect.arrayContaining(["sub", "jti", "created"]));
  });

  test("notes the time of the sign-in", async () => {
    issuer.clock.now += 5000;
    await signIn("ana");
    const [rows] = await issuer.pool.query<RowDataPacket[]>("SELECT last_login FROM auth_user WHERE username = 'ana'");
    expect(rows[0]?.last_login).toEqual(new Date(issuer.clock.now));
  });

  test("ignores what RFC 6749 says to ignore, and takes its own client_id and scope", async () => {
    const fields = { grant_type: "password", username: "ana", password };
    expect((await token({ ...fields, client_id: "quintet", scope: "all", resource: "x" })).status).toBe(200);
    expect((await token({ ...fields, client_id: "", client_secret: "", scope: "" })).status).toBe(200);
  });

  test.each([
    ["a wrong password", "ana", "wrong"],
    ["an unknown username", "nobody", password],
    ["another spelling of the username", "Ana", password],
    ["an injection", "' OR '1'='1' -- ", "' OR '1'='1"],
    ["a NUL", "ana\0", password],
    ["10 KB", "a".repeat(10_000), "b".repeat(10_000)],
    ["letters beyond the basic plane", "😀", "😀"],
  ])("%s is invalid_grant", async (_name, username, secret) => {
    const answer = await signIn(username, secret);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toEqual({ error: "invalid_grant", error_description: expect.any(String) });
  });

  test.each<[string, Record<string, string>, string]>([
    ["no grant_type", { username: "ana", password }, "invalid_request"],
    ["no username", { grant_type: "password", password }, "invalid_request"],
    ["an empty password", { grant_type: "password", username: "ana", password: "" }, "invalid_request"],
    ["no refresh_token", { grant_type: "refresh_token" }, "invalid_request"],
    ["another grant", { grant_type: "implicit" }, "unsupported_grant_type"],
    ["a grant that is no grant", { grant_type: "constructor" }, "unsupported_grant_type"],
    ["another scope", { grant_type: "password", username: "ana", password, scope: "everything" }, "invalid_scope"],
  ])("%s is refused", async (_name, fields, error) => {
    const answer = await token(fields);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error });
  });

  test("another client, or none where one is needed, is a 401", async () => {
    for (const fields of [
      { grant_type: "password", username: "ana", password, client_id: "x" },
      { grant_type: "client_credentials" },
    ]) {
      const answer = await token(fields as Record<string, string>);
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: "invalid_client" }]);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Basic /);
    }
  });

  test("so are JSON, a parameter that comes twice, one in the URL and an empty body", async () => {
    const twice = new URLSearchParams([
      ...form({ grant_type: "password", username: "ana", password }),
      ["username", "x"],
    ]);
    const answers = await Promise.all([
      issuer.send("POST", "/auth/token", { grant_type: "password", username: "ana", password }),
      issuer.send("POST", "/auth/token", twice),
      issuer.send("POST", "/auth/token?grant_type=password", form({ username: "ana", password })),
      issuer.send("POST", "/auth/token", ""),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: "invalid_request" });
    }
    expect((await issuer.send("GET", "/auth/token")).status).toBe(405);
    const large = await issuer.send("POST", "/auth/token", form({ grant_type: "x".repeat(2 ** 20) }));
    expect(large.status).toBe(413);
  });
});

describe("GET /auth/me", () => {
  test("is the account, by Basic and by Bearer", async () => {
    const { access_token } = (await (await signIn("ana")).json()) as TokenSet;
    const account = await issuer.auth.verifyPassword("ana", password);
    for (const headers of [
      basic("ana", password),
      basic("ana@example.com", password),
      { Authorization: `bearer ${access_token}` },
    ]) {
      const answer = await issuer.send("GET", "/auth/me", undefined, headers);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual(account);
    }
    expect(decodeJwt(access_token).sub).toBe(String(account?.id));
  });

  test.each<[string, Record<string, string>]>([
    ["no credentials", {}],
    ["a wrong password", basic("ana", "wrong")],
    ["an unknown username", basic("nobody", "wrong")],
    ["a bad token", { Authorization: "Bearer swordfish" }],
    ["no colon", { Authorization: `Basic ${Buffer.from("ana").toString("base64")}` }],
    ["another scheme", { Authorization: "Digest username=ana" }],
    ["a bare scheme", { Authorization: "Bearer" }],
  ])("%s is a 401 with both challenges, before the query is looked at", async (_name, headers) => {
    const answer = await issuer.send("GET", "/auth/me?unknown=1", undefined, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(
      /^Bearer realm="quintet".*, Basic realm="quintet", charset="UTF-8"$/,
    );
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  test("refuses unknown parameters by name", async () => {
    const answer = await issuer.send("GET", "/auth/me?verbose=1", undefined, basic("ana", password));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ path: "verbose" }] });
  });
});

test("an account that is not active cannot sign in", async () => {
  await issuer.register("idle");
  await issuer.pool.query("UPDATE auth_user SET is_active = 0 WHERE username = 'idle'");
  expect((await signIn("idle")).status).toBe(400);
  expect(await issuer.auth.verifyPassword("idle", password)).toBeUndefined();
});

test("200 sign-ins at once: those that find no place are 503 or 429 with Retry-After, the others succeed", async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => signIn("ana")));
  const refused = answers.filter(({ status }) => status === 503 || status === 429);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(66);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  }
});

describe("what is public", () => {
  test("the metadata is at the root of the origin", async () => {
    const answer = await issuer.send("GET", "/.well-known/oauth-authorization-server");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      issuer: publicUrl,
      authorization_endpoint: `${publicUrl}/auth/authorize`,
      token_endpoint: `${publicUrl}/auth/token`,
      revocation_endpoint: `${publicUrl}/auth/revoke`,
      introspection_endpoint: `${publicUrl}/auth/introspect`,
      jwks_uri: `${publicUrl}/auth/.well-known/jwks.json`,
      scopes_supported: scopeNames,
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: [
        "authorization_code",
        "client_credentials",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
      ],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
      revocation_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
      introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      service_documentation: `${publicUrl}/auth/docs`,
    });
    expect((await issuer.send("POST", "/.well-known/oauth-authorization-server", {})).status).toBe(405);
    expect((await issuer.send("GET", "/.well-known/other")).status).toBe(404);
  });

  test("health, the document of all routes, and its page", async () => {
    const health = await issuer.send("GET", "/auth/health");
    expect(await health.json()).toMatchObject({ status: "ok", checks: { mysql: {}, redis: {} } });
    const document = (await (await issuer.send("GET", "/auth/openapi.json")).json()) as { paths: object };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        "/auth/health",
        "/auth/register",
        "/auth/token",
        "/auth/me",
        "/auth/clients/{id}",
        "/auth/authorize",
        "/.well-known/oauth-authorization-server",
      ]),
    );
    expect((await issuer.send("GET", "/auth/docs")).status).toBe(200);
    expect((await issuer.send("GET", "/auth/nothing")).status).toBe(404);
  });
});
