import { randomBytes } from "node:crypto";
import { connectMysql, connectRedis, type MysqlPool, redisIdempotency } from "@quintet/db";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { createLogger, trustedProxies, type WebApp } from "@quintet/http";
import { inject } from "vitest";
import { createApp } from "../src/app.ts";
import type { ExternalIssuer } from "../src/external-issuers/external-issuers-setting.ts";
import { createLocalAuth, type LocalAuth } from "../src/local-auth.ts";
import type { SendMail } from "../src/mail/smtp.ts";
import { migrateAccounts } from "../src/migrate.ts";
import type { RegistrationMode } from "../src/registration/admission.ts";
import { newSigningKey } from "../src/testing.ts";
import { readSigningKey, type SigningKey } from "../src/tokens/signing-key.ts";

export const publicUrl = "http://localhost:8080";
export const password = "correct horse battery";

/** A whole issuer on a database of its own, with a clock that a test can set forward. */
export interface IssuerForTests extends AsyncDisposable {
  auth: LocalAuth;
  app: WebApp;
  key: SigningKey;
  pool: MysqlPool;
  mysqlUrl: string;
  redisPrefix: string;
  secret: string;
  clock: { now: number };
  /** Sends a request; a string or URLSearchParams body is sent as it is, anything else as JSON. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  register(username: string): Promise<void>;
}

export interface IssuerChoices {
  /** Runs on the empty database, before the tables are made. */
  prepare?: (pool: MysqlPool) => Promise<void>;
  /** Whether it tells others what is revoked, and hears of it. */
  news?: boolean;
  /** The issuer's identifier. */
  issuer?: string;
  /** How mails are sent. */
  mail?: SendMail;
  /** As `OIDC_ISSUERS`. */
  externalIssuers?: ExternalIssuer[];
  /** As `PASSWORD_REHASH`. */
  rehash?: boolean;
  /** As `REGISTRATION`. */
  registration?: RegistrationMode;
}

export async function issuerForTests({
  prepare,
  news = false,
  issuer = publicUrl,
  rehash = true,
  registration = "open",
  mail,
  externalIssuers,
}: IssuerChoices = {}): Promise<IssuerForTests> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await testMysql(inject("mysqlUrl")));
  const pool = connectMysql(database.url);
  stack.defer(() => pool.end());
  await prepare?.(pool);
  await migrateAccounts(database.url);
  const log = createLogger({ service: "auth", level: "silent" });
  const key = await readSigningKey(newSigningKey());
  const clock = { now: Date.now() };
  const secret = randomBytes(32).toString("hex");
  const redisPrefix = testPrefix();
  const connect = () => connectRedis(inject("redisUrl"), { prefix: redisPrefix, onError: () => {} });
  const redis = connect();
  stack.defer(() => redis.disconnect());
  const options = {
    mysqlUrl: database.url,
    key,
    issuer,
    secret,
    rehash,
    registration,
    ...(mail ? { mail } : {}),
    externalIssuers,
    log,
    proxies: trustedProxies("127.0.0.1"),
    now: () => clock.now,
    elapsed: () => clock.now,
  };
  const auth = stack.use(createLocalAuth({ ...options, ...(news ? { redis: { publisher: redis, connect } } : {}) }));
  await auth.startStreams();
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
  const send: IssuerForTests["send"] = async (method, path, body, headers = {}) => {
    const plain = body === undefined || typeof body === "string" || body instanceof URLSearchParams;
    const type: Record<string, string> = plain ? {} : { "Content-Type": "application/json" };
    const init: RequestInit = { method, headers: { ...type, ...headers } };
    if (body !== undefined) init.body = plain ? body : JSON.stringify(body);
    return app.fetch(new Request(`${publicUrl}${path}`, init), {});
  };
  const register = async (username: string) => {
    await auth.register({ username, email: `${username}@example.com`, password });
  };
  const owned = stack.move();
  const dispose = () => owned.disposeAsync();
  const own = { key, pool, mysqlUrl: database.url, redisPrefix, secret, clock };
  return { auth, app, ...own, send, register, [Symbol.asyncDispose]: dispose };
}

/** The form of a token request. */
export function form(fields: Record<string, string>): URLSearchParams {
  return new URLSearchParams(fields);
}
