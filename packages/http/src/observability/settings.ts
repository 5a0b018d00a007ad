import { z } from "zod";

/** The samplers that `OTEL_TRACES_SAMPLER` may name. */
const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

const httpUrl = z
  .string()
  .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), { message: "must be an http:// or https:// URL" });

/**
 * The settings of tracing and of the event loop watcher. The names that begin with `OTEL_` are OpenTelemetry's own; its exporter reads
 * more of them from the environment (headers, timeout, compression, certificates).
 */
export const observationSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(["http/protobuf", "http/json"]).default("http/protobuf"),
  OTEL_SDK_DISABLED: z.string().default("false"),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: z
    .string()
    .regex(/^\s*[^=,\s]+\s*=[^,]*(?:,\s*[^=,\s]+\s*=[^,]*)*$/, "must be name=value pairs, separated by commas")
    .default("service.namespace=quintet"),
  OTEL_TRACES_SAMPLER: z.enum(samplers).default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|[01]?\.\d+)$/, "must be a number from 0 to 1")
    .default("1")
    .transform(Number)
    .pipe(z.number().max(1, "must be a number from 0 to 1")),
  OTEL_BSP_SCHEDULE_DELAY: z
    .string()
    .regex(/^\d{1,6}$/, "must be a number of milliseconds")
    .default("5000")
    .transform(Number),
  /** An event loop block of at least this many ms is logged and reported by `/health`; 0 turns that off. */
  LOOP_BLOCK_MS: z
    .string()
    .regex(/^\d{1,6}$/, "must be a number of milliseconds")
    .default("1000")
    .transform(Number),
  /** After how many seconds `/health` reports requests without a response. */
  STUCK_SECONDS: z
    .string()
    .regex(/^\d{1,5}$/, "must be a number of seconds")
    .default("60")
    .transform(Number),
  /** Which SQL statements carry the request's id as a comment: none, those sent as text anyway, or all. */
  SQL_COMMENTS: z.enum(["off", "text", "all"]).default("text"),
};

export type ObservationConfig = z.infer<z.ZodObject<typeof observationSettings>>;
export type SamplerName = (typeof samplers)[number];

/** The URL that spans are posted to, if any. */
export function tracesUrl(config: ObservationConfig): string | undefined {
  if (config.OTEL_SDK_DISABLED.toLowerCase() === "true") return undefined;
  const base = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  return config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base.replace(/\/$/, "")}/v1/traces`);
}
