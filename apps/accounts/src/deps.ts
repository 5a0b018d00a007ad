import { keyedFingerprints } from "@quintet/auth";
import { connectAuthRedis, streamSilenceMs } from "@quintet/auth/issuer";
import { healthRedis, redisIdempotency } from "@quintet/db";
import { deriveKey, type IdempotencyStore, type Logger, trustedProxies } from "@quintet/http";
import type { IssuerConfig } from "./config.ts";
import { createLocalAuth, type LocalAuth } from "./local-auth.ts";
import { createSmtp } from "./mail/smtp.ts";
import { type PublicKey, readSigningKeys } from "./tokens/signing-key.ts";

/** What the routes and pages of the issuer work with. */
export interface Deps {
  auth: LocalAuth;
  /** The issuer's identifier, `PUBLIC_URL`. */
  issuer: string;
  /** The public halves of the keys whose tokens are accepted. */
  publicKeys: PublicKey[];
  /** Signs the cursors of lists. */
  cursorKey: Buffer;
  /** Signs the forms of signed-in browsers. */
  formKey: Buffer;
  idempotency: IdempotencyStore;
  pingRedis: () => Promise<unknown>;
  log: Logger;
  corsOrigins: string[];
}

/** Opens the connections of the issuer; disposing of the result closes them. */
export async function createDeps(config: IssuerConfig, log: Logger): Promise<Deps & AsyncDisposable> {
  const { MYSQL_URL, REDIS_URL, AUTH_SIGNING_KEY, PUBLIC_URL, QUINTET_SECRET, SMTP_URL, MAIL_FROM } = config;
  const [key, ...otherKeys] = await readSigningKeys(AUTH_SIGNING_KEY);
  await using opening = new AsyncDisposableStack();
  const redis = connectAuthRedis(config, REDIS_URL, log);
  const health = healthRedis(REDIS_URL);
  for (const one of [redis, health]) opening.defer(() => one.disconnect());
  const auth = opening.use(
    createLocalAuth({
      mysqlUrl: MYSQL_URL,
      statementSeconds: config.STATEMENT_SECONDS,
      redis: { publisher: redis, connect: () => connectAuthRedis(config, REDIS_URL, log, streamSilenceMs) },
      key,
      otherKeys,
      issuer: PUBLIC_URL,
      secret: QUINTET_SECRET,
      rehash: config.PASSWORD_REHASH,
      processes: config.WORKERS,
      registration: config.REGISTRATION,
      registrationsPerAddress: config.REGISTRATIONS_PER_ADDRESS,
      audit: { days: config.AUDIT_DAYS, folder: config.AUDIT_ARCHIVE },
      externalIssuers: config.OIDC_ISSUERS,
      ...(SMTP_URL && MAIL_FROM ? { mail: createSmtp({ url: SMTP_URL, from: MAIL_FROM }) } : {}),
      proxies: trustedProxies(config.TRUSTED_PROXIES),
      log,
    }),
  );
  const opened = opening.move();
  return {
    auth,
    issuer: PUBLIC_URL,
    publicKeys: [key, ...otherKeys].map(({ publicJwk }) => publicJwk),
    cursorKey: deriveKey(QUINTET_SECRET, "auth cursor"),
    formKey: deriveKey(QUINTET_SECRET, "auth forms"),
    idempotency: keyedFingerprints(redisIdempotency(redis), deriveKey(QUINTET_SECRET, "auth idempotency")),
    pingRedis: health.check,
    log,
    corsOrigins: config.CORS_ORIGINS,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
