import { authSettings } from "@quintet/auth";
import {
  ConfigError,
  readEnv,
  readKeyPair,
  type SettingRule,
  separatePorts,
  setTogether,
  settings,
} from "@quintet/http";
import { z } from "zod";
import { apps, issuer, urlSetting } from "./apps.ts";

/** Comma-separated base URLs of the processes that serve an app; without any the app runs in this process. */
const targets = z
  .string()
  .optional()
  .transform((text) => (text === undefined ? [] : text.split(",").map((url) => url.trim())))
  .refine((urls) => urls.every(isOrigin), {
    message: "must be http:// or https:// URLs without a path, separated by commas",
  })
  .transform((urls) => urls.map((url) => new URL(url).origin));

function isOrigin(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  return new URL(text).href === `${new URL(text).origin}/`;
}

const targetSettings = Object.fromEntries([issuer, ...apps].map(({ name }) => [urlSetting(name), targets]));

const schema = z.object({
  ...settings.listen,
  ...authSettings,
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  REDIRECT_PORT: settings.port.optional(),
  ...(targetSettings as Record<never, never>),
  CACHE_REDIS_URL: settings.redisUrl.optional(),
  MAX_REQUESTS_AT_ONCE: settings.number(1, 1_000_000).default(4096),
  MAX_WAITING_AT_ONCE: settings.number(1, 1_000_000).default(20_000),
  MAX_SHARE_PERCENT: settings.number(1, 100).default(50),
  RATE_LIMIT_PER_MINUTE: settings.number(1, 100_000_000).optional(),
  PUBLIC_FIGURES: settings.flag.default(false),
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** Reads the gateway's settings; throws `ConfigError` naming every bad one. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, [separatePorts, setTogether("TLS_CERT", "TLS_KEY"), tlsFiles]);
}

/** The base URLs of the processes that serve an app; empty when it runs in the gateway. */
export function targetsOf(config: Config, app: string): string[] {
  return (config as unknown as Record<string, string[]>)[urlSetting(app)] ?? [];
}

const tlsFiles: SettingRule = ({ TLS_CERT: cert, TLS_KEY: key }) => {
  if (cert === undefined || key === undefined) return [];
  try {
    readKeyPair({ cert, key });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.faults];
    throw error;
  }
};
