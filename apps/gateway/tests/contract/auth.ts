import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Installation } from "../harness/installation.ts";
import { register } from "../harness/person.ts";
import { expectProblem } from "../harness/problem.ts";
import { time, unique } from "../harness/values.ts";

interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
  scope: string;
}

export function auth({ anyone, plain, staff, origin }: Installation): void {
  const grant = (fields: Record<string, string>) => anyone.post("/auth/token", new URLSearchParams(fields));
  const logIn = async (username = plain.username) => {
    const answer = await grant({ grant_type: "password", username, password: plain.password });
    expect(answer.status, answer.text).toBe(200);
    return answer.json<Tokens>();
  };
  const refresh = (token: string) => grant({ grant_type: "refresh_token", refresh_token: token });
  const bearer = (token: string) => anyone.with({ Authorization: `Bearer ${token}` });

  describe("POST /auth/register", () => {
    const someone = () => {
      const username = unique("someone");
      return { username, email: `${username}@example.com`, password: "correct horse battery" };
    };

    it("makes an account that can log in at once", async () => {
      const input = someone();
      const made = await anyone.post("/auth/register", input);
      expect(made.status, made.text).toBe(201);
      const { password, ...shown } = input;
      expect(made.json()).toEqual({ id: expect.any(Number), ...shown, createdAt: time });
      const form = { grant_type: "password", username: input.username, password };
      expect((await grant(form)).status).toBe(200);
    });

    it("answers 409 when the username or the email is taken", async () => {
      const input = someone();
      expect((await anyone.post("/auth/register", input)).status).toBe(201);
      expectProblem(await anyone.post("/auth/register", input), 409);
      expectProblem(await anyone.post("/auth/register", { ...someone(), username: input.username }), 409);
      expectProblem(await anyone.post("/auth/register", { ...someone(), email: input.email }), 409);
    });

    it("makes one account of two requests at the same time", async () => {
      const input = someone();
      const answers = await Promise.all([1, 2, 3, 4].map(() => anyone.post("/auth/register", input)));
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409]);
    });

    it.each([
      ["username", ""],
      ["username", "x".repeat(151)],
      ["username", "nul\u0000"],
      ["username", 1],
      ["email", "no address"],
      ["email", null],
      ["password", ""],
      ["password", ["a"]],
    ])("names %s when it is %j", async (field, value) => {
      expectProblem(await anyone.post("/auth/register", { ...someone(), [field]: value }), 422, field);
    });

    it("cannot be used to become staff", async () => {
      expectProblem(await anyone.post("/auth/register", { ...someone(), isStaff: true }), 422, "isStaff");
    });

    it("gives the first answer again for the same Idempotency-Key", async () => {
      const headers = { "Idempotency-Key": unique("key") };
      const input = someone();
      const first = await anyone.post("/auth/register", input, { headers });
      const again = await anyone.post("/auth/register", input, { headers });
      expect([first.status, again.status]).toEqual([201, 201]);
      expect(again.text).toBe(first.text);
      expectProblem(await anyone.post("/auth/register", someone(), { headers }), 422);
    });
  });

  describe("POST /auth/token with a password", () => {
    it("gives tokens that every app takes", async () => {
      const answer = await grant({ grant_type: "password", username: plain.username, password: plain.password });
      expect(answer.status).toBe(200);
      expect(answer.headers["cache-control"]).toBe("no-store");
      const tokens = answer.json<Tokens>();
      expect(tokens).toEqual({
        access_token: expect.any(String),
        token_type: "Bearer",
        expires_in: expect.any(Number),
        refresh_token: expect.any(String),
        scope: expect.any(String),
      });
      expect(tokens.expires_in).toBeGreaterThan(0);
      expect(tokens.expires_in).toBeLessThanOrEqual(900);
      expect((await bearer(tokens.access_token).get("/auth/me")).json()).toMatchObject({ username: plain.username });
    });

    it("takes the email for the username", async () => {
      const { access_token } = await logIn(plain.email);
      expect((await bearer(access_token).get("/auth/me")).json()).toMatchObject({ id: plain.id });
    });

    it("signs RFC 9068 access tokens with the published key", async () => {
      const { access_token } = await logIn();
      const [head, claims, signature] = access_token.split(".") as [string, string, string];
      const header = JSON.parse(Buffer.from(head, "base64url").toString());
      expect(header).toMatchObject({ typ: "at+jwt", alg: "EdDSA" });
      const { keys } = (await anyone.get("/auth/.well-known/jwks.json")).json<{
        keys: (JsonWebKey & { kid: string })[];
      }>();
      const jwk = keys.find((key) => key.kid === header.kid);
      expect(jwk).toBeDefined();
      expect(keys.filter((key) => "d" in key)).toEqual([]);
      const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
      expect(verify(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))).toBe(true);
      const body = JSON.parse(Buffer.from(claims, "base64url").toString());
      expect(body).toMatchObject({ iss: "http://quintet.test", sub: String(plain.id) });
      expect(body).toHaveProperty("aud");
      expect(body).toHaveProperty("client_id");
      expect(body).toHaveProperty("jti");
      expect(body.exp - body.iat).toBeLessThanOrEqual(900);
    });

    it("tells no difference between a wrong password and an unknown username", async () => {
      const wrong = await grant({ grant_type: "password", username: plain.username, password: "wrong" });
      const unknown = await grant({ grant_type: "password", username: unique("nobody"), password: "wrong" });
      expect(wrong.status).toBe(400);
      expect(wrong.json()).toMatchObject({ error: "invalid_grant" });
      expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
    });

    it.each([
      ["unsupported_grant_type", { grant_type: "implicit" }],
      ["invalid_request", {}],
      ["invalid_request", { grant_type: "password", username: "x" }],
      ["invalid_request", { grant_type: "refresh_token" }],
      ["invalid_grant", { grant_type: "password", username: "' OR '1'='1", password: "' OR '1'='1" }],
      ["invalid_grant", { grant_type: "refresh_token", refresh_token: "' OR '1'='1" }],
    ])("answers %s for %j", async (error, fields) => {
      const answer = await grant(fields);
      expect(answer.status, answer.text).toBe(400);
      expect(answer.json()).toMatchObject({ error });
    });
  });

  describe("POST /auth/token with a refresh token", () => {
    it("rotates it, and gives the same successor again when the answer was lost", async () => {
      const first = await logIn();
      const second = await refresh(first.refresh_token);
      expect(second.status, second.text).toBe(200);
      const { refresh_token, access_token } = second.json<Tokens>();
      expect(refresh_token).not.toBe(first.refresh_token);
      expect((await bearer(access_token).get("/auth/me")).status).toBe(200);
      const again = await refresh(first.refresh_token);
      expect(again.status, again.text).toBe(200);
      expect(again.json<Tokens>().refresh_token).toBe(refresh_token);
    });

    it("gives one successor to requests at the same time", async () => {
      const { refresh_token } = await logIn();
      const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(refresh_token)));
      expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
      expect(new Set(answers.map((answer) => answer.json<Tokens>().refresh_token)).size).toBe(1);
    });

    it("takes no access token for one", async () => {
      const { access_token } = await logIn();
      expect((await refresh(access_token)).json()).toMatchObject({ error: "invalid_grant" });
    });
  });

  describe("POST /auth/revoke", () => {
    it("ends a refresh token, and answers 200 for one that it does not know (RFC 7009)", async () => {
      const { refresh_token } = await logIn();
      const revoke = (token: string) => anyone.post("/auth/revoke", new URLSearchParams({ token }));
      expect((await revoke(refresh_token)).status).toBe(200);
      const refused = await refresh(refresh_token);
      expect([refused.status, refused.json().error]).toEqual([400, "invalid_grant"]);
      expect((await revoke(refresh_token)).status).toBe(200);
      expect((await revoke("' OR '1'='1")).status).toBe(200);
    });

    it("needs a token", async () => {
      const answer = await anyone.post("/auth/revoke", new URLSearchParams({ token_type_hint: "refresh_token" }));
      expect([answer.status, answer.json().error]).toEqual([400, "invalid_request"]);
    });
  });

  describe("GET /auth/me", () => {
    it("shows the account, by Bearer and by Basic", async () => {
      const answer = await plain.get("/auth/me");
      expect(answer.status).toBe(200);
      const { id, username, email } = plain;
      expect(answer.json()).toEqual({ id, username, email, isStaff: false, createdAt: time });
      expect((await plain.basic.get("/auth/me")).text).toBe(answer.text);
      expect((await staff.get("/auth/me")).json()).toMatchObject({ isStaff: true });
    });

    it("refuses a token that was changed", async () => {
      const { access_token } = await logIn();
      const [head, claims, signature] = access_token.split(".") as [string, string, string];
      const other = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), sub: String(staff.id) };
      const forged = Buffer.from(JSON.stringify(other)).toString("base64url");
      const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
      for (const token of [`${head}.${forged}.${signature}`, `${unsigned}.${forged}.`, `${head}.${claims}.`, "x"]) {
        expectProblem(await bearer(token).get("/auth/me"), 401);
      }
    });

    it("refuses a wrong password", async () => {
      const pair = Buffer.from(`${plain.username}:wrong`).toString("base64");
      expectProblem(await anyone.with({ Authorization: `Basic ${pair}` }).get("/auth/me"), 401);
    });
  });

  describe("/auth/accounts/{id}", () => {
    it("shows an account to staff, deactivates it and lets it in again", async () => {
      const { id, username, email, password } = await register(origin, unique("someone"), plain.password);
      const path = `/auth/accounts/${id}`;
      const shown = { id, username, email, isStaff: false, createdAt: time, isActive: true, lastLogin: time };
      const answer = await staff.get(path);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json()).toEqual(shown);
      const form = { grant_type: "password", username, password };
      for (const isActive of [false, true]) {
        const changed = await staff.patch(path, { isActive });
        expect([changed.status, changed.json()]).toEqual([200, { ...shown, isActive }]);
        expect((await grant(form)).status).toBe(isActive ? 200 : 400);
      }
      expectProblem(await plain.get(path), 403);
      expectProblem(await plain.patch(path, { isActive: false }), 403);
      expectProblem(await staff.get("/auth/accounts/999999999"), 404);
    });
  });

  describe("POST /auth/clients", () => {
    const wanted = { name: unique("Nightly export"), scope: "queue:send", redirectUris: ["https://app.example/cb"] };

    it("makes a client that acts for its account, within its scope", async () => {
      const made = await plain.post("/auth/clients", wanted);
      expect(made.status, made.text).toBe(201);
      const client = made.json<{ id: string; secret: string }>();
      expect(client).toEqual({
        ...wanted,
        id: expect.any(String),
        secret: expect.any(String),
        confidential: true,
        createdAt: time,
      });
      const granted = await grant({
        grant_type: "client_credentials",
        client_id: client.id,
        client_secret: client.secret,
      });
      expect(granted.status, granted.text).toBe(200);
      expect(granted.json<Tokens>()).toMatchObject({ token_type: "Bearer", scope: "queue:send" });
      expect((await plain.get("/auth/clients")).text).not.toContain(client.secret);
      expect((await plain.delete(`/auth/clients/${client.id}`)).status).toBe(204);
    });

    it("refuses a redirect address that anybody could listen at", async () => {
      const redirectUris = ["http://app.example/cb"];
      expectProblem(await plain.post("/auth/clients", { ...wanted, redirectUris }), 422, "redirectUris.0");
    });
  });

  it("publishes RFC 8414 metadata", async () => {
    const answer = await anyone.get("/.well-known/oauth-authorization-server");
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      issuer: "http://quintet.test",
      token_endpoint: "http://quintet.test/auth/token",
      revocation_endpoint: "http://quintet.test/auth/revoke",
      jwks_uri: "http://quintet.test/auth/.well-known/jwks.json",
      grant_types_supported: expect.arrayContaining(["password", "refresh_token"]),
    });
  });
}
