import { type SettingRule, settings } from "@quintet/http";
import { z } from "zod";

/** The issuer's identifier (RFC 8414 section 2): an origin, without path or trailing slash. */
const origin = settings
  .url("http", "https")
  .refine((text) => new URL(text).href === `${new URL(text).origin}/`, "must be an origin such as https://example.org")
  .transform((text) => new URL(text).origin);

/** The variables that every process with accounts reads. */
export const authSettings = {
  /** The base URL of the issuer; without it the process is its own issuer. */
  AUTH_URL: settings
    .url("http", "https")
    .transform((text) => text.replace(/\/+$/, ""))
    .optional(),
  PUBLIC_URL: origin.default("http://localhost:8080"),
  QUINTET_SECRET: settings.secret,
  /** The proxies whose X-Forwarded-For is trusted. */
  TRUSTED_PROXIES: settings.trustedProxies.default("127.0.0.1,::1"),
  /** The timeout of a statement in MySQL and Postgres, in seconds; 0: none. */
  STATEMENT_SECONDS: settings.number(0, 3600).default(5),
  REDIS_URL: settings.redisUrl.optional(),
  REDIS_PREFIX: z.string().default("quintet:"),
};

/** What a process needs whose issuer is behind `AUTH_URL`. */
export const remoteAuthRule: SettingRule = (given) => {
  const why = "with AUTH_URL it is where this process hears which tokens are revoked";
  return "REDIS_URL" in given ? [] : [`REDIS_URL is missing: ${why}`];
};

const authConfig = z.object(authSettings);

/** The parsed `authSettings`. */
export type AuthConfig = z.infer<typeof authConfig>;
