import { keyedFingerprints } from "@quintet/auth";
import { connectAuthRedis, streamSilenceMs } from "@quintet/auth/issuer";
import { healthRedis, redisIdempotency } from "@quintet/db";
import type { OpenedIssuer } from "@quintet/host";
import { ConfigError, deriveKey, type Logger, trustedProxies } from "@quintet/http";
import { createApp } from "./app.ts";
import type { IssuerConfig } from "./config.ts";
import { createLocalAuth } from "./local-auth.ts";
import { createSmtp } from "./mail/smtp.ts";
import { migrateAccounts } from "./migrate.ts";
import { readSigningKeys } from "./tokens/signing-key.ts";

/**
 * Opens an issuer of this process's own. Its tables are brought up to date and its first staff account is made, unless another
 * process is the `first` that does so. Throws `ConfigError` naming what is missing.
 */
export async function openIssuer(config: IssuerConfig, log: Logger, first: boolean): Promise<OpenedIssuer> {
  const proxies = trustedProxies(config.TRUSTED_PROXIES);
  const { MYSQL_URL, REDIS_URL, AUTH_SIGNING_KEY, ADMIN_USERNAME, ADMIN_PASSWORD, PUBLIC_URL, SMTP_URL, MAIL_FROM } =
    config;
  const missing = Object.entries({ MYSQL_URL, REDIS_URL, AUTH_SIGNING_KEY }).flatMap(([name, value]) =>
    value === undefined ? [name] : [],
  );
  if (MYSQL_URL === undefined || REDIS_URL === undefined || AUTH_SIGNING_KEY === undefined) {
    throw new ConfigError(missing.map((name) => `${name} is missing: without AUTH_URL this process is its own issuer`));
  }
  const mail = SMTP_URL && MAIL_FROM ? { mail: createSmtp({ url: SMTP_URL, from: MAIL_FROM }) } : {};
  const [key, ...otherKeys] = await readSigningKeys(AUTH_SIGNING_KEY);
  if (first) await migrateAccounts(MYSQL_URL, log, config.AUDIT_DAYS);
  await using stack = new AsyncDisposableStack();
  const redis = connectAuthRedis(config, REDIS_URL, log);
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
      externalIssuers: config.OIDC_ISSUERS,
      ...mail,
      proxies,
      log,
      redis: { publisher: redis, connect: () => connectAuthRedis(config, REDIS_URL, log, streamSilenceMs) },
    }),
  );
  await auth.startStreams();
  auth.sweeper.start();
  if (first && ADMIN_USERNAME !== undefined && ADMIN_PASSWORD !== undefined) {
    await auth.createFirstStaff(ADMIN_USERNAME, ADMIN_PASSWORD);
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
    corsOrigins: config.CORS_ORIGINS,
  });
  const opened = stack.move();
  return { auth, app, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
