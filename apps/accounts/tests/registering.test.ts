import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";

let issuer: IssuerForTests;
beforeAll(async () => {
  issuer = await issuerForTests();
});
afterAll(() => issuer[Symbol.asyncDispose]());

const person = (username: string, changes: object = {}) => ({
  username,
  email: `${username}@example.com`,
  password,
  ...changes,
});

test("a new account is answered with its id and can sign in by username and email", async () => {
  const answer = await issuer.send("POST", "/auth/register", person("ana"));
  expect(answer.status).toBe(201);
  const body = (await answer.json()) as Record<string, unknown>;
  expect(body).toEqual({
    id: expect.any(Number),
    username: "ana",
    email: "ana@example.com",
    createdAt: new Date(issuer.clock.now).toISOString(),
  });
  for (const login of ["ana", "ana@example.com", "ANA@Example.com"]) {
    expect(await issuer.auth.verifyPassword(login, password)).toEqual({ ...body, isStaff: false });
  }
  expect(await issuer.auth.verifyPassword("Ana", password)).toBeUndefined();
});

describe("a name that is taken is a 409 that says which", () => {
  test.each([
    [person("berta"), ["username", "email"]],
    [person("berta", { email: "other@example.com" }), ["username"]],
    [person("BERTA", { email: "other@example.com" }), ["username"]],
    [person("bertha", { email: "Berta@example.com" }), ["email"]],
    [person("berta@example.com", { email: "other@example.com" }), ["username"]],
  ])("%o", async (input, taken) => {
    await issuer.register("berta").catch(() => {});
    const answer = await issuer.send("POST", "/auth/register", input);
    expect(answer.status).toBe(409);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const { errors } = (await answer.json()) as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path)).toEqual(taken);
  });

  test("an email that is another's username", async () => {
    const first = person("carl@example.org", { email: "carl@example.com" });
    expect((await issuer.send("POST", "/auth/register", first)).status).toBe(201);
    const answer = await issuer.send("POST", "/auth/register", person("carlos", { email: "Carl@example.org" }));
    expect(answer.status).toBe(409);
  });

  test("a username that is the account's own email is none", async () => {
    const answer = await issuer.send("POST", "/auth/register", person("own@example.com", { email: "own@example.com" }));
    expect(answer.status).toBe(201);
    expect(await issuer.auth.verifyPassword("own@example.com", password)).toMatchObject({
      username: "own@example.com",
    });
  });
});

describe("input that breaks a rule", () => {
  test.each([
    [{ username: "" }, "username"],
    [{ username: "a b" }, "username"],
    [{ username: "a\0b" }, "username"],
    [{ username: "a\ud800" }, "username"],
    [{ username: "smile😀" }, "username"],
    [{ username: "x'; DROP TABLE auth_user; --" }, "username"],
    [{ username: "a".repeat(151) }, "username"],
    [{ username: 7 }, "username"],
    [{ email: "nobody" }, "email"],
    [{ email: "a\0b@example.com" }, "email"],
    [{ email: `${"a".repeat(250)}@example.com` }, "email"],
    [{ password: "short" }, "password"],
    [{ password: "1234567890" }, "password"],
    [{ password: "Password123" }, "password"],
    [{ password: "a".repeat(1025) }, "password"],
    [{ password: "broken \ud800 text" }, "password"],
    [{ isStaff: true }, "isStaff"],
    [{ is_superuser: true }, "is_superuser"],
  ])("%o is a 422 that names it", async (changes, path) => {
    const answer = await issuer.send("POST", "/auth/register", person("dora", changes));
    expect(answer.status).toBe(422);
    const { errors } = (await answer.json()) as { errors: { path: string }[] };
    expect(errors.map((fault) => fault.path)).toContain(path);
  });

  test("malformed JSON, an empty body, another media type, an unknown query parameter", async () => {
    const json = { "Content-Type": "application/json" };
    expect((await issuer.send("POST", "/auth/register", "{", json)).status).toBe(400);
    expect((await issuer.send("POST", "/auth/register", "", json)).status).toBe(400);
    expect((await issuer.send("POST", "/auth/register", "a=b")).status).toBe(415);
    const answer = await issuer.send("POST", "/auth/register?admin=1", person("dora"));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ path: "admin" }] });
    expect((await issuer.send("GET", "/auth/register")).status).toBe(405);
  });
});

test("usernames in other scripts and spellings", async () => {
  expect((await issuer.send("POST", "/auth/register", person("Ñandú_東京", { email: "n@example.com" }))).status).toBe(
    201,
  );
  // The full-width letters are the same name in NFKC, as in Django.
  const wide = await issuer.send("POST", "/auth/register", person("ｅｖａ", { email: "eva@example.com" }));
  expect(await wide.json()).toMatchObject({ username: "eva" });
  expect(await issuer.auth.verifyPassword("ｅｖａ", password)).toMatchObject({ username: "eva" });
});

test("of 30 that register at once with one name or one email, one gets it", async () => {
  const sameEmail = Array.from({ length: 15 }, (_, i) => person(`racer${i}`, { email: "race@example.com" }));
  const sameName = Array.from({ length: 15 }, (_, i) => person("racer", { email: `race${i}@example.com` }));
  const outcome = async (inputs: object[]) => {
    const answers = await Promise.all(inputs.map((input) => issuer.send("POST", "/auth/register", input)));
    return answers.map(({ status }) => status).sort();
  };
  const expected = [201, ...Array.from({ length: 14 }, () => 409)];
  expect(await Promise.all([outcome(sameEmail), outcome(sameName)])).toEqual([expected, expected]);
});

test("a request that is sent again with its key is no further attempt of its address", async () => {
  const clientAddress = { peer: "192.0.2.77", forwardedFor: undefined, vouched: undefined };
  const request = (fingerprint = "print") => ({ key: "sent again", fingerprint });
  const first = await issuer.auth.register(person("paula"), { clientAddress, request: request() });
  for (let i = 0; i < 40; i++) {
    expect(await issuer.auth.register(person("paula"), { clientAddress, request: request() })).toEqual(first);
  }
  await expect(
    issuer.auth.register(person("paul"), { clientAddress, request: request("other") }),
  ).rejects.toMatchObject({
    status: 422,
  });
  const attempts = Array.from({ length: 31 }, () => issuer.auth.register(person("paula"), { clientAddress }));
  const refused = (await Promise.allSettled(attempts)).map((one) => one.status === "rejected" && one.reason.status);
  expect(new Set(refused)).toEqual(new Set([409, 429]));
});

test("the same Idempotency-Key gives the first answer again", async () => {
  const key = { "Idempotency-Key": "once" };
  const first = await issuer.send("POST", "/auth/register", person("fritz"), key);
  const again = await issuer.send("POST", "/auth/register", person("fritz"), key);
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await again.json()).toEqual(await first.json());
  expect((await issuer.send("POST", "/auth/register", person("gerd"), key)).status).toBe(422);
});
