import { randomBytes } from "node:crypto";
import { connectRedis, redisIdempotency } from "@quintet/db";
import { createLogger } from "@quintet/http";
import { expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { createLocalAuth } from "../src/local-auth.ts";
import { newSigningKey } from "../src/testing.ts";
import { signAccessToken } from "../src/tokens/sign-access-token.ts";
import { readSigningKey } from "../src/tokens/signing-key.ts";

const issuer = "http://localhost:8080";
const log = createLogger({ service: "auth", level: "silent" });
const grant = { epoch: 0, scope: "all", clientId: "quintet" };
const account = { id: 7, username: "ana", email: "", isStaff: false, createdAt: "2026-01-01T00:00:00.000Z" };

test("without MySQL and Redis tokens go on; what needs the stores is a 503 with Retry-After", async () => {
  const key = await readSigningKey(newSigningKey());
  const mysqlUrl = "mysql://nobody:nothing@127.0.0.1:9/none";
  await using auth = createLocalAuth({ mysqlUrl, key, issuer, secret: randomBytes(32).toString("hex"), log });
  const redis = connectRedis("redis://127.0.0.1:9", { prefix: "", onError: () => {} });
  try {
    const app = createApp({
      auth,
      cursorKey: randomBytes(32),
      formKey: randomBytes(32),
      publicKeys: [key.publicJwk],
      issuer,
      idempotency: redisIdempotency(redis),
      pingRedis: () => redis.ping(),
      log,
      corsOrigins: [],
    });
    const send = async (path: string, init: RequestInit) => app.fetch(new Request(`${issuer}${path}`, init), {});
    const json = { "Content-Type": "application/json" };
    const person = JSON.stringify({ username: "eva", email: "eva@example.com", password: "correct horse" });

    const bearer = `Bearer ${signAccessToken(key, issuer, account, grant, Date.now())}`;
    expect(await (await send("/auth/me", { headers: { Authorization: bearer } })).json()).toEqual(account);
    expect((await send("/auth/.well-known/jwks.json", {})).status).toBe(200);

    const answers = await Promise.all([
      send("/auth/token", { method: "POST", body: new URLSearchParams("grant_type=password&username=a&password=b") }),
      send("/auth/token", {
        method: "POST",
        body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: "a".repeat(43) }),
      }),
      send("/auth/register", { method: "POST", body: person, headers: json }),
      send("/auth/register", { method: "POST", body: person, headers: { ...json, "Idempotency-Key": "k" } }),
      send("/auth/me", { headers: { Authorization: `Basic ${Buffer.from("a:b").toString("base64")}` } }),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("2");
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await answer.text()).not.toMatch(/127\.0\.0\.1|nobody|ECONN/);
    }
    const health = await send("/auth/health", {});
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      checks: { mysql: { status: "failing" }, redis: { status: "failing" } },
    });
  } finally {
    redis.disconnect();
  }
});
