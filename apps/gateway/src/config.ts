import { authSettings } from "@quintet/auth";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";
import { trustedProxies } from "./client-address.ts";

/** Comma-separated base URLs of the processes that serve an app; the app runs in this process when there are none. */
const targets = z
  .string()
  .optional()
  .transform((text) => (text ?? "").split(",").filter((url) => url.trim() !== ""))
  .refine((urls) => urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)), {
    message: "must be http:// or https:// URLs, separated by commas",
  })
  .transform((urls) => urls.map((url) => new URL(url).origin));

/** Addresses and networks, separated by commas, of the proxies whose `X-Forwarded-*` is believed. */
const proxies = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined;
    try {
      return trustedProxies(text.split(",").map((entry) => entry.trim()));
    } catch {
      context.addIssue({ code: "custom", message: "must be addresses or networks (10.0.0.0/8), separated by commas" });
      return z.NEVER;
    }
  });

const schema = z.object({
  ...settings.listen,
  ...authSettings,
  PROPERTIES_URL: targets,
  INGEST_URL: targets,
  DIRECTORY_URL: targets,
  QUEUE_URL: targets,
  SOCIAL_URL: targets,
  TRUSTED_PROXIES: proxies,
  MAX_REQUESTS_AT_ONCE: settings.number(1, 1_000_000).default(4096),
  RATE_LIMIT_PER_MINUTE: settings.number(1, 100_000_000).optional(),
  REDIS_URL: settings.url("redis", "rediss").optional(),
  REDIS_PREFIX: z.string().default("quintet:"),
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** The gateway's settings. The issuer lives here, so `AUTH_URL` is not one of them. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, { ...env, AUTH_URL: undefined });
}
