import { authSettings } from "@quintet/auth";
import { ConfigError, readEnv, settings } from "@quintet/http";
import { z } from "zod";

/** Comma-separated base URLs of the processes that serve an app; the app runs in this process when there are none. */
const targets = z
  .string()
  .optional()
  .transform((text) => (text ?? "").split(",").filter((url) => url.trim() !== ""))
  .refine((urls) => urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)), {
    message: "must be http:// or https:// URLs, separated by commas",
  })
  .transform((urls) => urls.map((url) => new URL(url).origin));

/** The issuer lives here, so where it is reached is not asked. */
const { AUTH_URL: _elsewhere, ...issuerSettings } = authSettings;

const schema = z.object({
  ...settings.listen,
  ...issuerSettings,
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  REDIRECT_PORT: settings.port.optional(),
  PROPERTIES_URL: targets,
  INGEST_URL: targets,
  DIRECTORY_URL: targets,
  QUEUE_URL: targets,
  SOCIAL_URL: targets,
  CACHE_REDIS_URL: settings.url("redis", "rediss").optional(),
  MAX_REQUESTS_AT_ONCE: settings.number(1, 1_000_000).default(4096),
  MAX_WAITING_AT_ONCE: settings.number(1, 1_000_000).default(20_000),
  MAX_SHARE_PERCENT: settings.number(1, 100).default(50),
  RATE_LIMIT_PER_MINUTE: settings.number(1, 100_000_000).optional(),
  PUBLIC_FIGURES: settings.flag.default(false),
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema> & { AUTH_URL: undefined };

/** The gateway's settings; throws `ConfigError` naming every bad one. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const config = { ...readEnv(schema, env), AUTH_URL: undefined };
  if ((config.TLS_CERT === undefined) !== (config.TLS_KEY === undefined)) {
    throw new ConfigError("TLS_CERT and TLS_KEY belong together");
  }
  return config;
}
