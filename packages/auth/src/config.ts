import { availableParallelism } from "node:os";
import { settings } from "@quintet/http";
import { z } from "zod";
import { usernameSchema } from "./issuer/registration.ts";
import { outsideIssuersSetting } from "./outside/outside-setting.ts";

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
  AUTH_SIGNING_KEY: z.string().optional(),
  MYSQL_URL: settings.url("mysql").optional(),
  TRUSTED_PROXIES: z.string().default("127.0.0.1,::1"),
  /** How long a statement may take in MySQL and Postgres; 0: for ever. */
  STATEMENT_SECONDS: settings.number(0, 3600).default(5),
  REDIS_URL: settings.url("redis", "rediss").optional(),
  REDIS_PREFIX: z.string().default("quintet:"),
  PASSWORD_REHASH: settings.flag.default(true),
  /** How many days the audit log is kept; 0: for ever. */
  AUDIT_DAYS: settings.number(0, 36_500).default(0),
  /** The folder for lines of it that are older; they are not kept anywhere unless set. */
  AUDIT_ARCHIVE: z.string().min(1).optional(),
  /** How many processes serve, so that each takes its share of the cores; the parent of the workers has checked it. */
  WORKERS: z
    .string()
    .transform((text) => (text === "auto" ? availableParallelism() : Number(text) || 1))
    .default(1),
  OIDC_ISSUERS: outsideIssuersSetting.optional(),
  SMTP_URL: settings.url("smtp", "smtps").optional(),
  MAIL_FROM: z.string().regex(/@/, "must be an email address, such as Quintet <no-reply@example.org>").optional(),
  ADMIN_USERNAME: usernameSchema.optional(),
  ADMIN_PASSWORD: z.string().min(8, "must have 8 characters or more").optional(),
};

const authConfig = z.object(authSettings);

/** What `openAuth` takes: the parsed `authSettings`, and the origins that browsers may call the issuer from. */
export type AuthConfig = z.infer<typeof authConfig> & { CORS_ORIGINS?: string[] };
