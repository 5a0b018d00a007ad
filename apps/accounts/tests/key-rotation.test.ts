import { randomBytes } from "node:crypto";
import { newSigningKey } from "@quintet/accounts/testing";
import { createRemoteAuth } from "@quintet/auth/issuer";
import { connectRedis } from "@quintet/db";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { type OpenedAuth, openAuth } from "@quintet/host";
import { createLogger, listenerOf, serve } from "@quintet/http";
import { decodeProtectedHeader } from "jose";
import { expect, inject, test } from "vitest";
import { accounts } from "../src/index.ts";

const log = createLogger({ service: "auth", level: "silent" });
const password = "correct horse battery";
const minute = 60_000;

test("the signing key rotates while an app in another process is asked: every token is good there from the first moment", {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await testMysql(inject("mysqlUrl")));
  const secret = randomBytes(32).toString("hex");
  const prefix = testPrefix();
  const issuerWith = async (AUTH_SIGNING_KEY: string): Promise<OpenedAuth> => {
    const own = { MYSQL_URL: database.url, REDIS_URL: inject("redisUrl"), REDIS_PREFIX: prefix };
    const admin = { ADMIN_USERNAME: "admin", ADMIN_PASSWORD: password };
    const env = { ...own, ...admin, QUINTET_SECRET: secret, AUTH_SIGNING_KEY };
    return stack.use(await openAuth(env, accounts, log));
  };
  const [old, next] = [newSigningKey(), newSigningKey()];
  let issuer = await issuerWith(old);
  const served = { fetch: (request: Request, env: object) => issuer.app?.fetch(request, env) ?? new Response() };
  const listening = await serve(listenerOf(served), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  stack.defer(() => listening.close());
  const clock = { ahead: 0 };
  const app = stack.use(
    createRemoteAuth({
      url: `http://127.0.0.1:${listening.port}`,
      issuer: "http://localhost:8080",
      secret,
      connect: () => connectRedis(inject("redisUrl"), { prefix: `${prefix}auth:`, onError: () => {} }),
      now: () => Date.now() + clock.ahead,
      elapsed: () => performance.now() + clock.ahead,
    }),
  );

  const tokens: string[] = [];
  const refused: string[] = [];
  const kids = new Set<string | undefined>();
  let over = false;
  const ask = async () => {
    while (!over) {
      const token = (await issuer.auth.passwordGrant("admin", password))?.access_token ?? "";
      kids.add(decodeProtectedHeader(token).kid);
      tokens.push(token);
      for (const one of [token, ...tokens.slice(-20), tokens[0] ?? ""]) {
        if (!(await app.verifyToken(one))) refused.push(one);
      }
    }
  };
  const asking = [ask(), ask()];
  const more = async (count: number) => {
    for (const wanted = tokens.length + count; tokens.length < wanted; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  try {
    await more(10);
    // As the README says: announced, five minutes later used, a quarter of an hour later alone.
    issuer = await issuerWith(`${old},${next}`);
    clock.ahead += 6 * minute;
    await more(10);
    issuer = await issuerWith(`${next},${old}`);
    clock.ahead += 6 * minute;
    await more(10);
  } finally {
    over = true;
    await Promise.all(asking);
  }
  expect(refused).toEqual([]);
  expect(kids.size).toBe(2);
});
