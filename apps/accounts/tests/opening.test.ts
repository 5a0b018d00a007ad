import { randomBytes } from "node:crypto";
import { newSigningKey } from "@quintet/accounts/testing";
import { authSettings } from "@quintet/auth";
import { connectMysql } from "@quintet/db";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { type OpenedAuth, openAuth, withIssuer } from "@quintet/host";
import { ConfigError, createLogger, readEnv } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { accounts } from "../src/index.ts";

const log = createLogger({ service: "auth", level: "silent" });
const QUINTET_SECRET = randomBytes(32).toString("hex");
const read = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ QUINTET_SECRET, ...env });
const configure = (env: NodeJS.ProcessEnv) => accounts.configure(read(env));
const whole = (mysqlUrl: string, env: NodeJS.ProcessEnv = {}) =>
  read({
    MYSQL_URL: mysqlUrl,
    REDIS_URL: inject("redisUrl"),
    REDIS_PREFIX: testPrefix(),
    AUTH_SIGNING_KEY: newSigningKey(),
    ADMIN_USERNAME: "admin",
    ADMIN_PASSWORD: "correct horse battery",
    ...env,
  });

describe("settings", () => {
  test.each([
    [{}, "MYSQL_URL, REDIS_URL, AUTH_SIGNING_KEY"],
    [{ MYSQL_URL: "mysql://u:p@127.0.0.1/x", REDIS_URL: "redis://127.0.0.1" }, "AUTH_SIGNING_KEY"],
    [{ MYSQL_URL: "mysql://u:p@127.0.0.1/x", AUTH_SIGNING_KEY: newSigningKey() }, "REDIS_URL"],
  ])("an issuer that lacks some says which", async (env, names) => {
    const error = await openAuth(read(env), accounts, log).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    for (const name of names.split(", ")) expect(String(error)).toContain(`${name} is missing`);
  });

  test("a bad key and half an admin are told without their values", () => {
    const stores = { MYSQL_URL: "mysql://u:p@127.0.0.1/x", REDIS_URL: "redis://127.0.0.1" };
    expect(() => configure({ ...stores, AUTH_SIGNING_KEY: "swordfish" })).toThrow(
      /^Bad settings: AUTH_SIGNING_KEY: must be an Ed25519 key[^;]*$/,
    );
    const half = { ...stores, QUINTET_SECRET, AUTH_SIGNING_KEY: newSigningKey(), ADMIN_USERNAME: "admin" };
    const together = "ADMIN_USERNAME and ADMIN_PASSWORD must be set together";
    expect(() => configure(half)).toThrow(together);
  });

  test("an admin's name and password follow the rules, and are told without their values", () => {
    const error = () => configure({ ADMIN_USERNAME: "a b", ADMIN_PASSWORD: "admin" });
    expect(error).toThrow(/ADMIN_USERNAME: may have .*ADMIN_PASSWORD: must have 8/);
    expect(error).not.toThrow(/a b/);
  });

  test("addresses are brought to one form", () => {
    const given = { QUINTET_SECRET, PUBLIC_URL: "https://example.org/", AUTH_URL: "http://auth:8080/" };
    expect(readEnv(z.object(authSettings), given)).toMatchObject({
      PUBLIC_URL: "https://example.org",
      AUTH_URL: "http://auth:8080",
    });
    expect(() => configure({ PUBLIC_URL: "https://example.org/quintet" })).toThrow(/PUBLIC_URL: must be an origin/);
    expect(() => accounts.configure({})).toThrow("QUINTET_SECRET is missing");
  });
});

test("makes the tables and the first staff account, and never changes an account that is there", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const pool = connectMysql(database.url);
  try {
    // Two replicas that start together.
    const opened = await Promise.all([
      openAuth(whole(database.url), accounts, log),
      openAuth(whole(database.url), accounts, log),
    ]);
    for (const each of opened) {
      expect(await each.auth.verifyPassword("admin", "correct horse battery")).toMatchObject({ isStaff: true });
      await each[Symbol.asyncDispose]();
    }
    const [rows] = await pool.query<RowDataPacket[]>("SELECT * FROM auth_user");
    expect(rows).toMatchObject([{ username: "admin", is_staff: 1, is_superuser: 1, is_active: 1 }]);
    await using again = await openAuth(whole(database.url, { ADMIN_PASSWORD: "another password" }), accounts, log);
    expect(await again.auth.verifyPassword("admin", "another password")).toBeUndefined();
    expect(await pool.query<RowDataPacket[]>("SELECT * FROM auth_user").then(([same]) => same)).toEqual(rows);
  } finally {
    await pool.end();
  }
});

test("an issuer is served beside the app; a remote one is not", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  await using issuer = await openAuth(whole(database.url), accounts, log);
  const own = { fetch: (request: Request) => new Response(`own ${new URL(request.url).pathname}`) };
  const app = withIssuer(own, issuer);
  const status = async (path: string) => (await app.fetch(new Request(`http://localhost:8084${path}`), {})).status;
  const text = async (path: string) => (await app.fetch(new Request(`http://localhost:8084${path}`), {})).text();
  expect(await status("/auth/health")).toBe(200);
  expect(await status("/auth?x=1")).toBe(404);
  expect(await status("/.well-known/oauth-authorization-server?")).toBe(200);
  for (const path of ["/", "/authors", "/queue/auth/me", "/.well-known/other", "/queue?next=/auth/me"]) {
    expect(await text(path)).toBe(`own ${path.split("?")[0]}`);
  }
  await using remote = await openAuth(
    read({ AUTH_URL: "http://127.0.0.1:9", REDIS_URL: inject("redisUrl") }),
    accounts,
    log,
  );
  expect(withIssuer(own, remote)).toBe(own);
  await expect(remote.auth.verifyPassword("admin", "x")).rejects.toMatchObject({ code: "unavailable" });
});

test("keys rotate with overlap: tokens of the old one stay good until it is taken out", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const [old, next] = [newSigningKey(), newSigningKey()];
  const REDIS_PREFIX = testPrefix();
  const open = (AUTH_SIGNING_KEY: string) =>
    openAuth(whole(database.url, { AUTH_SIGNING_KEY, REDIS_PREFIX }), accounts, log);
  const token = async ({ auth }: OpenedAuth) =>
    (await auth.passwordGrant("admin", "correct horse battery"))?.access_token ?? "";
  const kids = async ({ app }: OpenedAuth) => {
    const request = new Request("http://localhost:8080/auth/.well-known/jwks.json");
    const answer = (await app?.fetch(request, {})) ?? new Response("{}");
    return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  await using before = await open(old);
  await using announced = await open(`${old},${next}`);
  await using switched = await open(`${next},${old}`);
  await using after = await open(next);
  const [ofOld, ofNext] = [await token(announced), await token(switched)];
  expect(await kids(switched)).toEqual((await kids(announced)).reverse());
  expect(await kids(switched)).toEqual([...(await kids(after)), ...(await kids(before))]);
  for (const one of [announced, switched]) {
    for (const text of [ofOld, ofNext]) expect(await one.auth.verifyToken(text)).toMatchObject({ username: "admin" });
  }
  expect(await after.auth.verifyToken(ofOld)).toBeUndefined();
  expect(await before.auth.verifyToken(ofNext)).toBeUndefined();
});
