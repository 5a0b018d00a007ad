import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { named, type OpenSocial, openSocial } from "./open-social.ts";

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

const password = "correct horse battery";
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const form = (fields: Record<string, string>) => ({
  body: new URLSearchParams(fields).toString(),
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});

describe("POST /users", () => {
  test("creates an account at the issuer, and its profile", async () => {
    const email = "new@example.com";
    const made = await social.send<{ id: number }>("POST", "/users", { json: { email, password } });
    expect(made.status, made.text).toBe(201);
    expect(made.body).toEqual({ id: expect.any(Number), email, createdAt: time });
    expect(made.headers.get("location")).toBe(`/social/users/${made.body.id}`);
    expect(await social.accounts.auth.verifyPassword(email, password)).toMatchObject({ id: made.body.id, email });
    const shown = await social.send("GET", `/users/${made.body.id}`, { by: social.accounts.plain });
    expect(shown.body).toMatchObject(made.body);
  });

  test("accepts an email that is no valid username", async () => {
    const email = "o'brien@example.com";
    expect((await social.send("POST", "/users", { json: { email, password } })).status).toBe(201);
    const login = await social.send("POST", "/login", form({ username: email, password }));
    expect(login.status).toBe(200);
  });

  test("rejects a taken email, in any case", async () => {
    const json = { email: "twice@example.com", password };
    expect((await social.send("POST", "/users", { json })).status).toBe(201);
    const again = await social.send("POST", "/users", { json: { ...json, email: "Twice@example.com" } });
    expect([again.status, named(again), again.body.detail]).toEqual([409, ["email"], "This email is taken."]);
  });

  test("creates one account under concurrent requests", async () => {
    const json = { email: "race@example.com", password };
    const responses = await Promise.all(Array.from({ length: 6 }, () => social.send("POST", "/users", { json })));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  test("repeats the first response for the same Idempotency-Key", async () => {
    const request = { json: { email: "key@example.com", password }, headers: { "Idempotency-Key": "k1" } };
    const first = await social.send("POST", "/users", request);
    const again = await social.send("POST", "/users", request);
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const other = { ...request, json: { email: "key2@example.com", password } };
    expect((await social.send("POST", "/users", other)).status).toBe(422);
  });

  test.each([
    [{ email: "no address", password }, "email"],
    [{ email: "nul\u0000@example.com", password }, "email"],
    [{ email: `${"a".repeat(250)}@example.com`, password }, "email"],
    [{ password }, "email"],
    [{ email: "a@example.com" }, "password"],
    [{ email: "a@example.com", password: "short" }, "password"],
    [{ email: "a@example.com", password: 12345678 }, "password"],
    [{ email: "a@example.com", password, isStaff: true }, "isStaff"],
  ])("rejects %j", async (json, path) => {
    const response = await social.send("POST", "/users", { json });
    expect([response.status, named(response)]).toEqual([422, [path]]);
  });
});

describe("POST /login", () => {
  test("issues a token for username or email", async () => {
    const { username, password, account } = social.accounts.plain;
    for (const login of [username, account.email]) {
      const fields = { username: login, password };
      for (const more of [{}, { grant_type: "password" }]) {
        const response = await social.send<{ access_token: string }>("POST", "/login", form({ ...fields, ...more }));
        expect(response.status, response.text).toBe(200);
        expect(response.body).toEqual({ access_token: expect.any(String), token_type: "bearer" });
        expect(response.headers.get("cache-control")).toBe("no-store");
        expect(await social.accounts.auth.verifyToken(response.body.access_token)).toMatchObject({ id: account.id });
      }
    }
  });

  test("responds the same to a wrong password, an unknown user and an injection", async () => {
    const { username } = social.accounts.plain;
    for (const login of [username, "nobody", "' OR '1'='1' -- ", "", "nul\u0000", "😀"]) {
      const response = await social.send("POST", "/login", form({ username: login, password: "wrong' OR ''='" }));
      expect([response.status, response.body.detail], login).toEqual([403, "Invalid Credentials"]);
    }
  });

  test.each([
    [{ username: "x" }, "password"],
    [{ password: "x" }, "username"],
    [{ username: "x", password: "x", remember: "1" }, "remember"],
    [{ username: "x", password: "x", grant_type: "refresh_token" }, "grant_type"],
  ])("rejects %j", async (fields, path) => {
    const response = await social.send("POST", "/login", form(fields as Record<string, string>));
    expect([response.status, named(response)]).toEqual([422, [path]]);
  });

  test("accepts a form only", async () => {
    const { username, password } = social.accounts.plain;
    expect((await social.send("POST", "/login", { json: { username, password } })).status).toBe(415);
  });
});

test("POST /login rejects a form that is not percent-encoded UTF-8, by field", async () => {
  for (const username of ["%FF", "a%C3", "1%0", "\ufffd"]) {
    const response = await social.send("POST", "/login", {
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: `username=${username}&password=x`,
    });
    expect([response.status, named(response)]).toEqual([400, ["username"]]);
  }
});

describe("GET /users/{id}", () => {
  test("creates the caller's profile the first time", async () => {
    const { other, plain } = social.accounts;
    expect((await social.send("GET", `/users/${other.account.id}`, { by: plain })).status).toBe(404);
    const own = await social.send("GET", `/users/${other.account.id}`, { by: other });
    const { id, email } = other.account;
    const nothing = {
      followers: 0,
      following: 0,
      posts: 0,
      followed: false,
      followsYou: false,
      blocked: false,
      muted: false,
    };
    const named = { handle: `user_${id}`, displayName: "", bio: "" };
    expect(own.body).toEqual({ id, email, createdAt: time, ...named, ...nothing });
    expect((await social.send("GET", `/users/${other.account.id}`, { by: plain })).body).toEqual(own.body);
  });

  test("follows the account's email", async () => {
    const { id } = social.accounts.staff.account;
    const { ensure, byId } = social.deps.profiles;
    await ensure({ id, email: "before@example.com" });
    const first = await byId(id);
    await ensure({ id, email: "after@example.com" });
    expect(await byId(id)).toEqual({ ...first, email: "after@example.com" });
  });

  test.each([
    ["0", 404],
    ["99999999999999999999", 404],
    ["9223372036854775807", 404],
    ["-1", 400],
    ["1e3", 400],
    ["x", 400],
    ["1;DROP TABLE social.profiles", 400],
    ["%00", 400],
  ])("responds to id %s with %i", async (id, status) => {
    expect((await social.send("GET", `/users/${id}`, { by: social.accounts.plain })).status).toBe(status);
  });
});
