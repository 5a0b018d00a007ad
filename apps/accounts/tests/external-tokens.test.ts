import { createHmac, randomUUID } from "node:crypto";
import { createLogger } from "@quintet/http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ExternalIssuer } from "../src/external-issuers/external-issuers-setting.ts";
import { externalIssuersSetting } from "../src/external-issuers/external-issuers-setting.ts";
import { createExternalTokens } from "../src/external-issuers/external-tokens.ts";
import { newKey, type OutsideServer, outsideServer } from "./external-issuer.ts";

const log = createLogger({ service: "outside", level: "silent" });
let server: OutsideServer;
let clock: { now: number };
let read: ReturnType<typeof createExternalTokens>;

const setting = (fields: object = {}): ExternalIssuer[] =>
  externalIssuersSetting.parse(JSON.stringify([{ issuer: server.issuer, audience: "quintet-api", ...fields }]));
const reader = (fields: object = {}) =>
  createExternalTokens({ issuers: setting(fields), log, now: () => clock.now, elapsed: () => clock.now });
const seconds = () => Math.floor(clock.now / 1000);
const claims = (changes: object = {}) => ({
  sub: "person-1",
  aud: "quintet-api",
  iat: seconds(),
  exp: seconds() + 600,
  ...changes,
});

beforeAll(async () => {
  server = await outsideServer("/realm");
});
beforeEach(() => {
  clock = { now: Date.now() };
  server.answer = undefined;
  server.requests = [];
  read = reader();
});
afterAll(() => server[Symbol.asyncDispose]());

describe("tokens as they come from", () => {
  test("Cognito: an access token has client_id and no aud; its ID token is none", async () => {
    const cognito = {
      sub: randomUUID(),
      iat: seconds(),
      exp: seconds() + 3600,
      auth_time: seconds(),
      jti: randomUUID(),
    };
    const access = {
      ...cognito,
      token_use: "access",
      client_id: "4abc",
      username: "ana",
      scope: "openid email",
      version: 2,
    };
    const ofCognito = reader({ audience: "4abc", staff: { claim: "cognito:groups", value: "staff" } });
    const given = await ofCognito(await server.sign({ ...access, "cognito:groups": ["staff"] }));
    expect(given).toMatchObject({ username: "ana", isStaff: true, scope: "all", email: undefined });
    expect(await ofCognito(await server.sign(access))).toMatchObject({ isStaff: false });
    expect(await ofCognito(await server.sign({ ...access, client_id: "other" }))).toBeUndefined();
    const id = { ...cognito, token_use: "id", aud: "4abc", email: "ana@example.org", email_verified: true };
    expect(await ofCognito(await server.sign(id))).toBeUndefined();
  });

  test("Entra, v2 and v1: scopes in scp, the client in azp or appid, roles; its ID token is none", async () => {
    const entra = {
      ...claims({ aud: "api://quintet" }),
      oid: randomUUID(),
      tid: randomUUID(),
      ver: "2.0",
      azp: "app-1",
    };
    const ofEntra = reader({
      audience: ["api://quintet"],
      clients: ["app-1"],
      staff: { claim: "roles", value: "Admin" },
    });
    const access = {
      ...entra,
      scp: "queue:send access_as_user",
      preferred_username: "ana@contoso.com",
      roles: ["Admin"],
    };
    expect(await ofEntra(await server.sign(access))).toMatchObject({
      username: "ana@contoso.com",
      scope: "queue:send",
      isStaff: true,
    });
    const { azp: _, ...v1 } = { ...access, ver: "1.0", appid: "app-1", unique_name: "ana@contoso.com" };
    expect(await ofEntra(await server.sign(v1))).toBeDefined();
    expect(await ofEntra(await server.sign({ ...access, azp: "app-2" }))).toBeUndefined();
    const id = { ...entra, nonce: "n", preferred_username: "ana@contoso.com" };
    expect(await ofEntra(await server.sign(id))).toBeUndefined();
  });

  test("Keycloak: typ in the payload, roles in an object, several audiences; its ID and refresh tokens are none", async () => {
    const keycloak = {
      ...claims({ aud: ["account", "quintet-api"] }),
      azp: "web",
      typ: "Bearer",
      preferred_username: "ana",
      realm_access: { roles: ["offline_access", "quintet-staff"] },
      scope: "profile social:read queue:read",
    };
    const ofKeycloak = reader({ staff: { claim: "realm_access.roles", value: "quintet-staff" } });
    const given = await ofKeycloak(await server.sign({ ...keycloak, nonce: "n" }));
    expect(given).toMatchObject({ username: "ana", isStaff: true, scope: "social:read queue:read" });
    for (const typ of ["ID", "Refresh", "Offline", "Logout"]) {
      expect(await ofKeycloak(await server.sign({ ...keycloak, typ }))).toBeUndefined();
    }
    expect(await ofKeycloak(await server.sign({ ...keycloak, aud: "account" }))).toBeUndefined();
  });
});

test.each(["RS256", "PS256", "ES256", "EdDSA"] as const)("a key for %s is taken", async (alg) => {
  server.keys.set(alg, newKey(alg));
  expect(await read(await server.sign(claims(), { kid: alg }))).toMatchObject({ subject: "person-1" });
  expect(await reader({ algorithms: ["ES512"] })(await server.sign(claims(), { kid: alg }))).toBeUndefined();
});

describe("is refused:", () => {
  const stranger = newKey();
  const wrong: [string, object, Parameters<OutsideServer["sign"]>[1]?][] = [
    ["another audience", { aud: "other-api" }],
    ["no audience", { aud: undefined }],
    ["an issuer that is not listed", { iss: "https://elsewhere.example" }],
    ["the issuer with a slash more", { iss: "http://127.0.0.1/realm/" }],
    ["expired", { exp: seconds0() - 31 }],
    ["not yet begun", { nbf: seconds0() + 60 }],
    ["from the future", { iat: seconds0() + 60 }],
    ["no end", { exp: undefined }],
    ["no subject", { sub: undefined }],
    ["an empty subject", { sub: "" }],
    ["another key under the same kid", {}, { key: stranger.privateKey }],
    ["an unknown kid", {}, { kid: "none", key: stranger.privateKey }],
    ["an ID token by its digest", { at_hash: "x" }],
    ["bound to a key of its holder", { cnf: { jkt: "x" } }],
    ["a logout token", { events: {} }],
    ["a DPoP proof", {}, { header: { typ: "dpop+jwt" } }],
    [
      "its own key in the header",
      {},
      { key: stranger.privateKey, header: { jwk: stranger.publicKey.export({ format: "jwk" }) } },
    ],
  ];
  test.each(wrong)("%s", async (_name, changes, choices) => {
    expect(await read(await server.sign(claims(changes), choices))).toBeUndefined();
  });

  test("alg none, HS256 with the public key, cut off, not a token", async () => {
    const good = await server.sign(claims());
    const [, payload = ""] = good.split(".");
    const head = (header: object) => Buffer.from(JSON.stringify(header)).toString("base64url");
    const none = `${head({ alg: "none" })}.${payload}.`;
    const pem = server.keys.get("first")?.publicKey.export({ type: "spki", format: "pem" }) ?? "";
    const signed = `${head({ alg: "HS256", kid: "first", typ: "JWT" })}.${payload}`;
    const hmac = `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
    for (const token of [none, hmac, good.slice(0, -4), "x", "a.b.c", ""]) expect(await read(token)).toBeUndefined();
    expect(await read(good)).toBeDefined();
  });

  test("30 s of clock skew are allowed", async () => {
    const late = await server.sign(claims({ exp: seconds() + 60 }));
    clock.now += 89_000;
    expect(await read(late)).toBeDefined();
    clock.now += 2000;
    expect(await read(late)).toBeUndefined();
  });
});

function seconds0(): number {
  return Math.floor(Date.now() / 1000);
}

describe("keys", () => {
  test("are fetched once, again for a new kid, and not again for unknown ones within 30 s", async () => {
    await Promise.all(Array.from({ length: 20 }, async () => read(await server.sign(claims()))));
    expect(server.requests).toEqual(["/realm/.well-known/openid-configuration", "/keys"]);
    server.keys.set("second", newKey());
    const rotated = await server.sign(claims(), { kid: "second" });
    expect(await read(rotated)).toBeUndefined(); // Within 30 s of the last fetch.
    clock.now += 30_000;
    expect(await read(rotated)).toBeDefined();
    const unknown = await server.sign(claims(), { kid: "third", key: newKey().privateKey });
    for (let i = 0; i < 5; i++) expect(await read(unknown)).toBeUndefined();
    expect(server.requests).toHaveLength(4);
  });

  test("go on while their issuer is away; without any it is a 503", async () => {
    expect(await read(await server.sign(claims()))).toBeDefined();
    await server.stop();
    clock.now += 3600_000;
    expect(await read(await server.sign(claims()))).toBeDefined();
    await expect(reader()(await server.sign(claims()))).rejects.toMatchObject({ status: 503 });
    await server.start();
    clock.now += 2000;
    expect(await reader()(await server.sign(claims()))).toBeDefined();
  });
});

describe("a hostile discovery document", () => {
  const hostile: [string, NonNullable<OutsideServer["answer"]>][] = [
    ["of another issuer", (_, response) => document(response, { issuer: "https://elsewhere.example" })],
    ["with a template for an issuer", (_, response) => document(response, { issuer: "https://x/{tenantid}/v2.0" })],
    [
      "with keys on another host, without TLS",
      (_, response) => document(response, { jwks_uri: "http://192.0.2.1/keys" }),
    ],
    ["with keys in a file", (_, response) => document(response, { jwks_uri: "file:///etc/passwd" })],
    ["without keys", (_, response) => document(response, { jwks_uri: undefined })],
    ["that is no JSON", (_, response) => !!response.end("<html>")],
    ["that redirects", (_, response) => !!response.writeHead(302, { Location: "/elsewhere" }).end()],
    ["that is an error", (_, response) => !!response.writeHead(500).end("{}")],
    [
      "that does not end",
      (_, response) => {
        const more = () => !response.destroyed && response.write(" ".repeat(65_536), more);
        return !!more() || true;
      },
    ],
  ];
  test.each(hostile)("%s is a 503, and no keys are believed", async (_name, answer) => {
    const token = await server.sign(claims());
    server.answer = answer;
    await expect(read(token)).rejects.toMatchObject({ status: 503 });
    expect(server.requests.filter((url) => url.includes("elsewhere"))).toEqual([]);
  });

  test("that trickles is given up after 5 s", async () => {
    const token = await server.sign(claims());
    server.answer = (_, response) => response.write("{");
    const started = performance.now();
    await expect(read(token)).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - started).toBeLessThan(9000);
  });

  function document(response: Parameters<NonNullable<OutsideServer["answer"]>>[1], changes: object): true {
    response.end(JSON.stringify({ issuer: server.issuer, jwks_uri: `${server.issuer}/keys`, ...changes }));
    return true;
  }
});

test("the setting: a JSON list of issuers with TLS, each once, with known fields only", () => {
  const good = { issuer: "https://login.example/realm", audience: "api" };
  expect(externalIssuersSetting.parse(JSON.stringify([good]))).toMatchObject([{ audience: ["api"], scope: "all" }]);
  const bad: unknown[] = [
    good,
    [{ ...good, issuer: "http://login.example" }],
    [{ ...good, issuer: "https://user:secret@login.example" }],
    [{ issuer: good.issuer }],
    [{ ...good, audience: [] }],
    [{ ...good, algorithms: ["HS256"] }],
    [{ ...good, algorithms: ["none"] }],
    [{ ...good, scope: "everything" }],
    [{ ...good, admin: true }],
    [good, good],
  ];
  for (const each of bad) expect(externalIssuersSetting.safeParse(JSON.stringify(each)).success).toBe(false);
  expect(externalIssuersSetting.safeParse("[").success).toBe(false);
});
