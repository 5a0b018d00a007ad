import { availableParallelism } from "node:os";
import { type SettingRule, separatePorts, settings, together } from "@quintet/http";
import { z } from "zod";
import { outsideIssuersSetting } from "./outside/outside-setting.ts";
import { defaultRegistrations, registrationModes } from "./registration/admission.ts";
import { usernameSchema } from "./registration/registration.ts";
import { areSigningKeys } from "./tokens/signing-key.ts";

/** The issuer's identifier (RFC 8414 section 2): an origin, without path or trailing slash. */
const origin = settings
  .url("http", "https")
  .refine((text) => new URL(text).href === `${new URL(text).origin}/`, "must be an origin such as https://example.org")
  .transform((text) => new URL(text).origin);

/**
 * The variables that every process with accounts reads, to be spread into its own schema. With `AUTH_URL` the accounts
 * live behind that URL; without it the process is its own issuer and needs `MYSQL_URL`, `REDIS_URL` and `AUTH_SIGNING_KEY`.
 */
export const authSettings = {
  AUTH_URL: settings
    .url("http", "https")
    .transform((text) => text.replace(/\/+$/, ""))
    .optional(),
  PUBLIC_URL: origin.default("http://localhost:8080"),
  QUINTET_SECRET: settings.secret,
  AUTH_SIGNING_KEY: z
    .string()
    .refine(areSigningKeys, "must be an Ed25519 key in PKCS #8, as PEM or base64 DER")
    .optional(),
  MYSQL_URL: settings.mysqlUrl.optional(),
  TRUSTED_PROXIES: settings.trustedProxies.default("127.0.0.1,::1"),
  /** How long a statement may take in MySQL and Postgres; 0: for ever. */
  STATEMENT_SECONDS: settings.number(0, 3600).default(5),
  REDIS_URL: settings.redisUrl.optional(),
  REDIS_PREFIX: z.string().default("quintet:"),
  PASSWORD_REHASH: settings.flag.default(true),
  /** Who may make an account. */
  REGISTRATION: z.enum(registrationModes).default("open"),
  /** How many times in a row one address may try to; 0: without limit. */
  REGISTRATIONS_PER_ADDRESS: settings.number(0, 1_000_000).default(defaultRegistrations),
  /** How many days the audit log is kept; 0: for ever. */
  AUDIT_DAYS: settings.number(0, 36_500).default(0),
  /** The folder for lines of it that are older; they are not kept anywhere unless set. */
  AUDIT_ARCHIVE: settings.folder.optional(),
  /** How many processes serve, so that each takes its share of the cores; the parent of the workers has checked it. */
  WORKERS: z
    .string()
    .regex(/^(\d{1,3}|auto)$/, "must be a number or auto")
    .transform((text) => (text === "auto" ? availableParallelism() : Number(text) || 1))
    .default(1),
  OIDC_ISSUERS: outsideIssuersSetting.optional(),
  SMTP_URL: settings.url("smtp", "smtps").optional(),
  MAIL_FROM: z.string().regex(/@/, "must be an email address, such as Quintet <no-reply@example.org>").optional(),
  ADMIN_USERNAME: usernameSchema.optional(),
  ADMIN_PASSWORD: z.string().min(8, "must have 8 characters or more").optional(),
};

/** What its own issuer needs; without an `AUTH_URL` that an app may have, a process is its own. */
const needsOfIssuer: SettingRule = (given) =>
  ["MYSQL_URL", "REDIS_URL", "AUTH_SIGNING_KEY"]
    .filter((name) => !(name in given))
    .map((name) => `${name} is missing: without AUTH_URL this process is its own issuer`);

const ofAll = [together("ADMIN_USERNAME", "ADMIN_PASSWORD"), together("SMTP_URL", "MAIL_FROM"), separatePorts];

/** The rules between these settings, for an issuer. */
export const issuerRules: readonly SettingRule[] = [...ofAll, needsOfIssuer];

/** The rules between these settings, for an app that may have an `AUTH_URL`. */
export const authRules: readonly SettingRule[] = [
  ...ofAll,
  (given) => {
    if (!("AUTH_URL" in given)) return needsOfIssuer(given);
    const why = "with AUTH_URL it is where this process hears which tokens are revoked";
    return "REDIS_URL" in given ? [] : [`REDIS_URL is missing: ${why}`];
  },
];

const authConfig = z.object(authSettings);

/** What `openAuth` takes: the parsed `authSettings`, and the origins that browsers may call the issuer from. */
export type AuthConfig = z.infer<typeof authConfig> & { CORS_ORIGINS?: string[] };
