import { ConfigError } from "@quintet/workers";
import { z } from "zod";
import { observationSettings } from "./observing/settings.ts";
import { readSettingFiles } from "./setting-files.ts";

/**
 * Parses environment variables once. An empty variable counts as absent; `NAME_FILE` names a file that has the value of `NAME`.
 * Throws `ConfigError` listing every bad variable and never its value, which may be a secret.
 */
export function readEnv<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.infer<S> {
  const read = readSettingFiles(env, Object.keys(schema.shape));
  const given = Object.fromEntries(Object.entries(read.env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given, { reportInput: false });
  if (parsed.success && read.faults.length === 0) return parsed.data;
  const faults = (parsed.error?.issues ?? []).flatMap((issue) => {
    const name = issue.path.join(".");
    if (given[name] !== undefined) return [`${name}: ${issue.message}`];
    // Its file is at fault, which is told already.
    return read.faults.some((fault) => fault.startsWith(`${name}_FILE:`)) ? [] : [`${name} is missing`];
  });
  throw new ConfigError([...read.faults, ...faults]);
}

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const port = z
  .string()
  .regex(/^\d{1,5}$/, "must be a port number")
  .transform(Number)
  .pipe(z.number().max(65535));

/** Pieces of configuration that several apps share; each app picks what it needs. */
export const settings = {
  flag,
  port,
  /** A whole number between `min` and `max`. */
  number: (min: number, max: number) =>
    z
      .string()
      .regex(/^\d{1,12}$/, `must be a whole number from ${min} to ${max}`)
      .transform(Number)
      .pipe(z.number().min(min).max(max)),
  /** The variables that every listening process reads. */
  listen: {
    ...observationSettings,
    PORT: port.optional(),
    HOST: z.string().default("127.0.0.1"),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
    LOG_FILE: z.string().optional(),
    METRICS_PORT: port.optional(),
    METRICS_HOST: z.string().default("127.0.0.1"),
    CORS_ORIGINS: z
      .string()
      .default("*")
      .transform((text) => text.split(",").map((origin) => origin.trim())),
    DRAIN_SECONDS: z
      .string()
      .regex(/^\d{1,3}$/, "must be seconds, 0 to 999")
      .default("10")
      .transform(Number),
  },
  /** The secret from which cursors and digests are keyed: 32 characters or more. */
  secret: z.string().min(32, "must have 32 characters or more"),
  url: (...protocols: string[]) =>
    z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)) && URL.canParse(text), {
      message: `must be a ${protocols.map((protocol) => `${protocol}://`).join(" or ")} URL`,
    }),
};
