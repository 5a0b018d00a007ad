import { pollHealth } from "./health.ts";
import type { Logger } from "./logger.ts";
import { type ObservationConfig, tracesUrl } from "./settings.ts";
import type { Tracing } from "./span.ts";

interface Observation {
  tracing: Tracing | undefined;
  sqlComments: ObservationConfig["SQL_COMMENTS"];
  /** The min event loop block that is reported, in ms, and the log file; undefined: not watched. */
  loop: { blockMs: number; logFile: string | undefined } | undefined;
  /** After how long a request without a response is reported, in ms. */
  patienceMs: number;
}

const defaults: Observation = { tracing: undefined, sqlComments: "text", loop: undefined, patienceMs: 60_000 };
let current = defaults;

/** The tracing and monitoring of this process. There is one per process, as OpenTelemetry's own state would be. */
export function observation(): Readonly<Observation> {
  return current;
}

/**
 * Configures tracing and monitoring of this process until the result is disposed of, which exports the remaining spans. Open it before
 * connections are opened, and dispose of it after they are closed. The SDK is loaded only if an exporter is configured.
 */
export async function openObservation(
  config: ObservationConfig & { LOG_FILE?: string | undefined },
  log: Logger,
): Promise<AsyncDisposable> {
  const url = tracesUrl(config);
  const tracing = url ? await (await import("./otel.ts")).openTelemetry(url, config, log) : undefined;
  current = {
    tracing,
    sqlComments: config.SQL_COMMENTS,
    loop: { blockMs: config.LOOP_BLOCK_MS, logFile: config.LOG_FILE },
    patienceMs: config.STUCK_SECONDS * 1000,
  };
  const looking = pollHealth();
  return {
    async [Symbol.asyncDispose]() {
      looking[Symbol.dispose]();
      current = defaults;
      await tracing?.[Symbol.asyncDispose]();
    },
  };
}
