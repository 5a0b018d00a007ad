import { ConfigError } from "@quintet/workers";
import { z } from "zod";
// Sets the messages of invalid settings.
import "../errors/input-faults.ts";
import { observationSettings } from "../observability/settings.ts";
import { fileFault, folderFault } from "./path-faults.ts";
import { readRedisUrl } from "./redis-url.ts";
import { readSettingFiles } from "./setting-files.ts";
import { trustedProxies } from "./trusted-proxies.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A rule between several settings: returns the faults that it finds, each beginning with a variable. */
export type SettingRule = (given: Env) => string[];

/**
 * Parses environment variables once. An empty variable counts as absent; `NAME_FILE` names a file that has the value of `NAME`.
 * Throws `ConfigError` listing every bad variable and every rule that is broken, and never a value, which may be a secret.
 */
export function readEnv<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv,
  rules: readonly SettingRule[] = [],
): z.infer<S> {
  const read = readSettingFiles(env, Object.keys(schema.shape));
  const given = Object.fromEntries(Object.entries(read.env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given, { reportInput: false });
  const isReported = (name: string) => read.faults.some((fault) => fault.startsWith(`${name}_FILE:`));
  const faults = (parsed.error?.issues ?? []).flatMap((issue) => {
    const [name, ...within] = issue.path;
    const variable = String(name);
    const place = within.length > 0 ? `${within.join(".")} ` : "";
    if (given[variable] !== undefined) return [`${variable}: ${place}${issue.message}`];
    // The fault of its file is reported already.
    return isReported(variable) ? [] : [`${variable} is missing`];
  });
  const broken = rules
    .flatMap((rule) => rule(given))
    .filter((fault) => {
      const variable = String(fault.split(/[: ]/, 1)[0]);
      return !isReported(variable) && !faults.some((other) => other === `${variable} is missing`);
    });
  const all = [...new Set([...read.faults, ...faults, ...broken])];
  if (parsed.success && all.length === 0) return parsed.data;
  throw new ConfigError(all);
}

/** Both are set, or neither is. */
export function setTogether(one: string, other: string): SettingRule {
  return (given) => (one in given === other in given ? [] : [`${one} and ${other} must be set together`]);
}

/** The ports of a program must differ. */
export const separatePorts: SettingRule = (given) =>
  [
    ["METRICS_PORT", "PORT"],
    ["REDIRECT_PORT", "PORT"],
    ["METRICS_PORT", "REDIRECT_PORT"],
  ].flatMap(([one = "", other = ""]) =>
    Number(given[one]) > 0 && Number(given[one]) === Number(given[other]) ? [`${one}: must differ from ${other}`] : [],
  );

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** A whole number between `min` and `max`. */
function number(min: number, max: number, what = "a whole number") {
  return z
    .string()
    .refine(
      (text) => /^\d{1,12}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be ${what} from ${min} to ${max}`,
    )
    .transform(Number);
}

const port = number(0, 65_535, "a port number");

/** A name or address to listen on, not a URL and without a port. */
const host = z.string().regex(/^[\w.:%-]+$/, "must be an address or a host name");

/** The origins of pages that may call (RFC 6454): `https://example.org`, or `*` for all. */
const origins = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine((list) => list.every((origin) => origin === "*" || originOf(origin) !== undefined), {
    message: "must be * or origins such as https://example.org, separated by commas",
  })
  .transform((list) => list.map((origin) => originOf(origin) ?? origin));

/** The origin in the form that browsers send; undefined when it is none, or is more than one. */
function originOf(text: string): string | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#@\s\\]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, host: at, origin } = new URL(text);
  // Browser extensions and apps have schemes of their own, for which URL knows no origin.
  return origin === "null" ? `${protocol}//${at}` : origin;
}

function url(...protocols: string[]) {
  return z
    .string()
    .refine(
      (text) =>
        protocols.some((protocol) => text.startsWith(`${protocol}://`)) &&
        URL.canParse(text) &&
        new URL(text).hostname !== "",
      { message: `must be a ${protocols.map((protocol) => `${protocol}://`).join(" or ")} URL`, abort: true },
    );
}

/** Pieces of configuration that several apps share; each app picks what it needs. */
export const settings = {
  flag,
  port,
  number,
  url,
  /** The variables that every listening process reads. */
  listen: {
    ...observationSettings,
    PORT: port.optional(),
    HOST: host.default("127.0.0.1"),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
    LOG_FILE: z.string().superRefine(faultOf(fileFault)).optional(),
    /** A log file is rotated at this many MB (0: never), and this many are kept. The parent of the workers does it. */
    LOG_MAX_MB: number(0, 1_000_000).default(100),
    LOG_KEEP: number(0, 1000).default(5),
    METRICS_PORT: port.optional(),
    METRICS_HOST: host.default("127.0.0.1"),
    CORS_ORIGINS: origins.default(["*"]),
    DRAIN_SECONDS: number(0, 999).default(10),
  },
  /** The secret from which cursors and digests are keyed: 32 characters or more. */
  secret: z.string().min(32, "must have at least 32 characters"),
  /** A folder that files can be written to; it is created when needed. */
  folder: z.string().superRefine(faultOf(folderFault)),
  /** A database in MySQL or MariaDB. */
  mysqlUrl: url("mysql").refine((text) => new URL(text).pathname.length > 1, {
    message: "must name a database, as in mysql://user:password@host:3306/quintet",
  }),
  /** One Redis, a cluster, or a master that Sentinels name; see `readRedisUrl`. */
  redisUrl: z.string().superRefine(
    faultOf((text) => {
      const read = readRedisUrl(text);
      return typeof read === "string" ? read : undefined;
    }),
  ),
  /** Addresses and networks, separated by commas; see `trustedProxies`. */
  trustedProxies: z.string().superRefine(
    faultOf((text) => {
      try {
        trustedProxies(text);
        return undefined;
      } catch {
        return "must be addresses or networks, separated by commas";
      }
    }),
  ),
};

function faultOf(find: (text: string) => string | undefined) {
  return (text: string, context: z.RefinementCtx) => {
    const message = find(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  };
}
