import { pollHealth } from "./health.ts";
import type { Logger } from "./logger.ts";
import { type ObservationConfig, tracesUrl } from "./settings.ts";
import type { Tracing } from "./span.ts";

interface Observation {
  tracing: Tracing | undefined;
  sqlComments: ObservationConfig["SQL_COMMENTS"];
  /** From which standstill of the event loop on it is told of, in ms, and where; not watched unless given. */
  loop: { blockMs: number; logFile: string | undefined } | undefined;
  /** After how long a request without an answer is told of. */
  patienceMs: number;
}

const defaults: Observation = { tracing: undefined, sqlComments: "text", loop: undefined, patienceMs: 60_000 };
let current = defaults;

/** How this process is watched. It is one for the whole process, as OpenTelemetry's own state would be. */
export function observation(): Readonly<Observation> {
  return current;
}

/**
 * Sets how this process is watched until the result is disposed of, which sends the spans that are left. Comes before
 * connections are opened and is disposed of after they are closed. The SDK is loaded only if spans have somewhere to go.
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
