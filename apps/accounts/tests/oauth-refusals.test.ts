import { connectRedis } from "@quintet/db";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { personAtBrowser } from "./browser-client.ts";
import { form, password } from "./issuer-for-tests.ts";
import { type ListeningIssuer, listeningIssuer, redirectUri } from "./listening-issuer.ts";

let quintet: ListeningIssuer;
beforeAll(async () => {
  quintet = await listeningIssuer();
});
afterAll(() => quintet[Symbol.asyncDispose]());

const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const address = (fields: Record<string, string | undefined>) => {
  const url = new URL("/auth/authorize", quintet.origin);
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
const codeFor = async (id: string, person = personAtBrowser(quintet.origin)) =>
  (await person.consent(address({ client_id: id }), "ana", password)).searchParams.get("code") ?? "";
const exchange = async (fields: Record<string, string>) => {
  const all = { grant_type: "authorization_code", redirect_uri: redirectUri, code_verifier: verifier, ...fields };
  const answer = await quintet.issuer.send("POST", "/auth/token", form(all));
  return ((await answer.json()) as { error?: string }).error ?? "none";
};

test("a client or redirect URI that is not known: a page, never a redirect", async () => {
  const { id } = await quintet.native();
  const person = personAtBrowser(quintet.origin);
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
  const { id } = await quintet.native();
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
      quintet.origin,
    ]);
  }
});

test("a code with another verifier, redirect URI, client, or too late", async () => {
  const { id } = await quintet.native();
  const other = await quintet.native();
  const person = personAtBrowser(quintet.origin);
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
  quintet.issuer.clock.now += 60_000;
  expect(await exchange({ client_id: id, code: late })).toBe("invalid_grant");
  const good = await codeFor(id, person);
  const answers = await Promise.all(Array.from({ length: 20 }, () => exchange({ client_id: id, code: good })));
  expect(answers.filter((answer) => answer === "none")).toHaveLength(1);
});

test("a code that was refused is as good as before: who lacks the verifier cannot use it up", async () => {
  const { id } = await quintet.native();
  const other = await quintet.native();
  const code = await codeFor(id);
  for (const fields of [
    { client_id: other.id },
    { client_id: id, code_verifier: "x".repeat(43) },
    { client_id: id, redirect_uri: "http://127.0.0.1:1/cb" },
  ]) {
    expect(await exchange({ code, ...fields })).toBe("invalid_grant");
  }
  expect(await exchange({ client_id: id, code })).toBe("none");
});

test("clients with wrong secrets, refresh tokens of other clients, and what has been removed", async () => {
  const [{ id, secret }, other] = [await quintet.machine(), await quintet.native()];
  const asking = (fields: Record<string, string>) =>
    quintet.issuer.send("POST", "/auth/token", form({ grant_type: "client_credentials", ...fields }));
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
  const own = await quintet.issuer.auth.passwordGrant("ana", password);
  const stolen = { grant_type: "refresh_token", refresh_token: own?.refresh_token ?? "", client_id: other.id };
  expect((await quintet.issuer.send("POST", "/auth/token", form(stolen))).status).toBe(400);
  expect(await quintet.issuer.auth.refreshGrant(own?.refresh_token ?? "")).toBeDefined();

  const tokens = (await (await asking({ client_id: id, client_secret: secret })).json()) as { access_token: string };
  expect(await quintet.issuer.auth.verifyToken(tokens.access_token)).toBeDefined();
  expect((await quintet.issuer.send("DELETE", `/auth/clients/${id}`, undefined, quintet.owner)).status).toBe(204);
  expect((await quintet.issuer.send("DELETE", `/auth/clients/${id}`, undefined, quintet.owner)).status).toBe(404);
  expect(await quintet.issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
  expect((await asking({ client_id: id, client_secret: secret })).status).toBe(401);
});

test("with an Idempotency-Key the same client is answered again, whose secret is kept nowhere", async () => {
  const headers = { ...quintet.owner, "Idempotency-Key": "once" };
  const add = () => quintet.issuer.send("POST", "/auth/clients", { name: "once", scope: "all" }, headers);
  const first = (await (await add()).json()) as { secret: string };
  expect(await (await add()).json()).toEqual(first);
  const [records] = await quintet.issuer.pool.query("SELECT * FROM auth_done_requests");
  expect(records).not.toHaveLength(0);
  expect(JSON.stringify(records)).not.toContain(first.secret);
  const redis = connectRedis(inject("redisUrl"), { prefix: "", onError: () => {} });
  expect(await redis.keys(`${quintet.issuer.redisPrefix}idempotent:*`)).toEqual([]);
  redis.disconnect();
});

test("no secret is stored, and the list tells none", async () => {
  const { secret } = await quintet.machine();
  const [rows] = await quintet.issuer.pool.query("SELECT * FROM auth_client");
  expect(JSON.stringify(rows)).not.toContain(secret);
  expect(await (await quintet.issuer.send("GET", "/auth/clients", undefined, quintet.owner)).text()).not.toContain(
    secret,
  );
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
  expect((await quintet.issuer.send("POST", "/auth/clients", all, quintet.owner)).status).toBe(422);
});
