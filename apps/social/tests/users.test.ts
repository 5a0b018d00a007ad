import type { TestAccount } from "@quintet/accounts/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "../src/database/drizzle.ts";
import { social as definition } from "../src/index.ts";
import { named, type OpenSocial, openSocial, type PostWithVotes, type ProblemBody } from "./open-social.ts";

interface OwnProfile extends ProblemBody {
  id: number;
  email?: string;
  handle: string;
  displayName: string;
  bio: string;
}

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
    expect(shown.body).toMatchObject({ id: made.body.id, createdAt: time, handle: `user_${made.body.id}` });
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
    [{ email: "a@example.com", password: "Password123" }, "password"],
    [{ email: "a@example.com", password, handle: "admin" }, "handle"],
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
      const ofOAuthClient = { grant_type: "password", scope: "", client_id: "", client_secret: "" };
      for (const more of [{}, { grant_type: "password" }, ofOAuthClient]) {
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
    [{ username: "x", password: "x", scope: "nothing" }, "scope"],
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
    const { email: _, ...shown } = own.body as unknown as Record<string, unknown>;
    expect((await social.send("GET", `/users/${other.account.id}`, { by: plain })).body).toEqual(shown);
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

describe("GET and PATCH /users/me", () => {
  const change = (by: TestAccount, json: object) => social.send<OwnProfile>("PATCH", "/users/me", { by, json });
  const seen = async (path: string) => {
    const response = await social.send<OwnProfile>("GET", `/users/${path}`, { by: social.accounts.plain });
    return response.status === 200 ? response.body.id : response.status;
  };
  /** Makes the last change of an account's handle older. */
  const age = (id: number, days: number) =>
    social.deps.database.db.execute(sql`
      update social.profiles set handle_changed_at = handle_changed_at - make_interval(days => ${days}) where id = ${id}`);

  test("show and change the caller's profile", async () => {
    const { plain, other } = social.accounts;
    const before = await social.send<OwnProfile>("GET", "/users/me", { by: plain });
    expect(before.body).toMatchObject({ id: plain.account.id, email: plain.account.email, bio: "" });
    const changed = await change(plain, { displayName: " Ana 😀 ", bio: "Line 1\nLine 2", handle: "Ana_M" });
    expect([changed.status, changed.body], changed.text).toEqual([
      200,
      { ...before.body, displayName: "Ana 😀", bio: "Line 1\nLine 2", handle: "Ana_M" },
    ]);
    expect((await change(plain, {})).body).toEqual(changed.body);
    const post = await social.post(plain);
    const author = { id: plain.account.id, handle: "Ana_M", displayName: "Ana 😀" };
    const read = await social.send<PostWithVotes>("GET", `/posts/${post.id}`, { by: other });
    expect([post.author, read.body.post.author]).toEqual([author, author]);
    for (const handle of ["ana_m", "ANA_M"]) expect(await seen(`@${handle}`)).toBe(plain.account.id);
    for (const handle of ["anam", "4na_m", "nobody_there"]) expect(await seen(`@${handle}`)).toBe(404);
  });

  test("refuse handles that cannot be told from another one, whoever asks first", async () => {
    const { plain, other } = social.accounts;
    await change(plain, { handle: "Ana_M" });
    for (const handle of ["ana_m", "ANAM", "an_arn", "_Anam_"]) {
      const taken = await change(other, { handle });
      expect([taken.status, named(taken)], handle).toEqual([409, ["handle"]]);
    }
    const both = await Promise.all([
      change(other, { handle: "will10" }),
      change(social.accounts.staff, { handle: "vviLLio" }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const input = { email: "early@example.com", password: "correct horse battery", handle: "early_bird" };
    const made = await social.send("POST", "/users", { json: input });
    expect([made.status, made.body]).toMatchObject([201, { handle: "early_bird" }]);
    const late = await social.send("POST", "/users", { json: { ...input, email: "late@example.com" } });
    expect([late.status, named(late)]).toEqual([409, ["handle"]]);
    expect(await social.accounts.auth.verifyPassword("late@example.com", input.password)).toBeUndefined();
  });

  test("keep a former handle for its holder, and change it once in 30 days", async () => {
    const { plain, staff } = social.accounts;
    const { id } = plain.account;
    await change(plain, { handle: "Ana_M" });
    expect((await change(plain, { handle: "first_bird" })).status).toBe(200);
    const again = await change(plain, { handle: "second_bird" });
    expect([again.status, named(again)]).toEqual([409, ["handle"]]);
    expect((await change(plain, { handle: "First_Bird" })).status).toBe(200);
    expect([await seen("@ana_m"), await seen("@first_bird")]).toEqual([id, id]);
    expect((await change(staff, { handle: "anam" })).status).toBe(409);
    await age(id, 31);
    expect((await change(plain, { handle: "ana_m" })).status).toBe(200);
    await age(id, 31);
    expect((await change(plain, { handle: "second_bird" })).status).toBe(200);
    await social.deps.database.db.execute(
      sql`update social.former_handles set until = now() where handle_key = 'fllstblld'`,
    );
    expect([await seen("@ana_m"), await seen("@first_bird")]).toEqual([id, id]);
    await social.deps.database.db.execute(sql`update social.former_handles set until = now()`);
    expect([await seen("@ana_m"), await seen("@second_bird")]).toEqual([404, id]);
    await age(staff.account.id, 31);
    expect((await change(staff, { handle: "anam" })).status).toBe(200);
  });

  test.each([
    ["handle", "a"],
    ["handle", "x".repeat(31)],
    ["handle", "aña"],
    ["handle", "a-b"],
    ["handle", "__"],
    ["handle", "Adm1n"],
    ["handle", "me"],
    ["handle", "user_17"],
    ["handle", "User17"],
    ["handle", "u5er_l7"],
    ["handle", null],
    ["displayName", "x".repeat(61)],
    ["displayName", "two\nlines"],
    ["displayName", "left \u202eright"],
    ["bio", "x".repeat(501)],
    ["bio", "nul\u0000"],
    ["email", "x@example.com"],
  ])("refuse %s %j", async (field, value) => {
    const response = await change(social.accounts.plain, { [field]: value });
    expect([response.status, named(response)]).toEqual([422, [field]]);
  });
});

test("emails are shown to their owners and to staff, or to all with SHOW_EMAILS=true", async () => {
  const { plain, other, staff } = social.accounts;
  const { id } = await social.post(plain);
  const emails = async (by: TestAccount) => {
    const post = await social.send<PostWithVotes>("GET", `/posts/${id}`, { by });
    const list = await social.send<PostWithVotes[]>("GET", "/posts?limit=1", { by });
    const profile = await social.send<OwnProfile>("GET", `/users/${plain.account.id}`, { by });
    return [post.body.post.owner.email, list.body[0]?.post.owner.email, profile.body.email];
  };
  const { email } = plain.account;
  expect(await emails(plain)).toEqual([email, email, email]);
  expect(await emails(staff)).toEqual([email, email, email]);
  expect(await emails(other)).toEqual([undefined, undefined, undefined]);
  const shown = definition.createDeps(
    { ...social.config, SHOW_EMAILS: true },
    { auth: social.accounts.auth, log: social.deps.log },
  );
  expect(shown.readerOf(other.account)).toEqual({ id: other.account.id, seesEmails: true });
  await shown[Symbol.asyncDispose]();
});
