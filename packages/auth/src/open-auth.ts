import { connectRedis, healthRedis, type Redis, redisIdempotency } from "@quintet/db";
import type { TrustedProxies } from "@quintet/http";
import { ConfigError, deriveKey, type Logger, trustedProxies } from "@quintet/http";
import type { Auth } from "./account.ts";
import type { AuthConfig } from "./config.ts";
import { createApp } from "./issuer/app.ts";
import { createLocalAuth } from "./issuer/local-auth.ts";
import { migrateAccounts } from "./issuer/migrate.ts";
import { keyedFingerprints } from "./keyed-fingerprints.ts";
import { smtp } from "./mail/smtp.ts";
import { createRemoteAuth } from "./remote/remote-auth.ts";
import { newsSilenceMs } from "./revocation/news.ts";
import { readSigningKeys } from "./tokens/signing-key.ts";
import type { WebApp } from "./with-issuer.ts";

/** What a process has of the accounts: the way to ask, and the issuer's app when it is its own issuer. */
export interface OpenedAuth extends AsyncDisposable {
  auth: Auth;
  app?: WebApp;
}

/**
 * Opens the accounts as the settings say: with `AUTH_URL` those behind that URL, otherwise an issuer of this process's own,
 * whose tables are brought up to date and whose first staff account is made, unless another process is the `first` that does
 * so. Throws `ConfigError` naming what is missing.
 */
export async function openAuth(config: AuthConfig, log: Logger, first = true): Promise<OpenedAuth> {
  const proxies = trustedProxies(config.TRUSTED_PROXIES);
  if (config.AUTH_URL !== undefined) {
    const { AUTH_URL: url, PUBLIC_URL: issuer, REDIS_URL } = config;
    if (REDIS_URL === undefined) {
      throw new ConfigError(
        "REDIS_URL is missing: with AUTH_URL it is where this process hears which tokens are revoked",
      );
    }
    const auth = createRemoteAuth({
      url,
      issuer,
      secret: config.QUINTET_SECRET,
      proxies,
      log,
      hear: () => newsRedis(config, REDIS_URL, log, newsSilenceMs),
    });
    return { auth, [Symbol.asyncDispose]: () => auth[Symbol.asyncDispose]() };
  }
  return openIssuer(config, proxies, log, first);
}

async function openIssuer(
  config: AuthConfig,
  proxies: TrustedProxies,
  log: Logger,
  first: boolean,
): Promise<OpenedAuth> {
  const { MYSQL_URL, REDIS_URL, AUTH_SIGNING_KEY, ADMIN_USERNAME, ADMIN_PASSWORD, PUBLIC_URL, SMTP_URL, MAIL_FROM } =
    config;
  const missing = Object.entries({ MYSQL_URL, REDIS_URL, AUTH_SIGNING_KEY }).flatMap(([name, value]) =>
    value === undefined ? [name] : [],
  );
  if (MYSQL_URL === undefined || REDIS_URL === undefined || AUTH_SIGNING_KEY === undefined) {
    throw new ConfigError(missing.map((name) => `${name} is missing: without AUTH_URL this process is its own issuer`));
  }
  const mail = SMTP_URL && MAIL_FROM ? { mail: smtp({ url: SMTP_URL, from: MAIL_FROM }) } : {};
  const [key, ...otherKeys] = await readSigningKeys(AUTH_SIGNING_KEY);
  if (first) await migrateAccounts(MYSQL_URL, log, config.AUDIT_DAYS);
  await using stack = new AsyncDisposableStack();
  const redis = newsRedis(config, REDIS_URL, log);
  const health = healthRedis(REDIS_URL);
  for (const one of [redis, health]) stack.defer(() => one.disconnect());
  const auth = stack.use(
    createLocalAuth({
      mysqlUrl: MYSQL_URL,
      statementSeconds: config.STATEMENT_SECONDS,
      key,
      otherKeys,
      issuer: PUBLIC_URL,
      secret: config.QUINTET_SECRET,
      rehash: config.PASSWORD_REHASH,
      processes: config.WORKERS,
      registration: config.REGISTRATION,
      registrationsPerAddress: config.REGISTRATIONS_PER_ADDRESS,
      audit: { days: config.AUDIT_DAYS, folder: config.AUDIT_ARCHIVE },
      outsideIssuers: config.OIDC_ISSUERS,
      ...mail,
      proxies,
      log,
      redis: { tell: redis, hear: () => newsRedis(config, REDIS_URL, log, newsSilenceMs) },
    }),
  );
  await auth.startNews();
  auth.sweeper.start();
  if (first && ADMIN_USERNAME !== undefined && ADMIN_PASSWORD !== undefined) {
    await auth.makeFirstStaff(ADMIN_USERNAME, ADMIN_PASSWORD);
  }
  const learning = Promise.all([
    first && auth.learnEmails().catch((error: unknown) => log.warn({ err: error }, "emails were not compared")),
    auth.learnHashes().catch((error: unknown) => log.warn({ err: error }, "hashes were not timed")),
  ]);
  stack.defer(async () => {
    await learning;
  });
  const app = createApp({
    auth,
    formKey: deriveKey(config.QUINTET_SECRET, "auth forms"),
    cursorKey: deriveKey(config.QUINTET_SECRET, "auth cursor"),
    publicKeys: [key, ...otherKeys].map(({ publicJwk }) => publicJwk),
    issuer: PUBLIC_URL,
    idempotency: keyedFingerprints(redisIdempotency(redis), deriveKey(config.QUINTET_SECRET, "auth idempotency")),
    pingRedis: () => health.ping(),
    log,
    corsOrigins: config.CORS_ORIGINS ?? [],
  });
  const opened = stack.move();
  return { auth, app, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** A connection to the keys of the accounts, the same in every process. */
function newsRedis(config: AuthConfig, url: string, log: Logger, silenceMs?: number): Redis {
  return connectRedis(url, {
    prefix: `${config.REDIS_PREFIX}auth:`,
    name: "auth",
    ...(silenceMs === undefined ? {} : { silenceMs }),
    onError: (error) => log.warn({ err: error }, "Redis connection"),
  });
}
