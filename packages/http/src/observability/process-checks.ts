import { type HealthCheck, HealthCheckError } from "./health.ts";
import { stuckRequests } from "./in-flight.ts";

/** A time in which the event loop of this process was blocked. */
export interface LoopBlock {
  ms: number;
  /** The app whose request was being processed; undefined outside a request. */
  app: string | undefined;
  /** When it ended, from `performance.now()`. */
  endedAt: number;
}

const reportedForMs = 60_000;
let latest: LoopBlock[] = [];

/** Records a block for the time in which it is reported. */
export function noteBlock(block: LoopBlock): void {
  latest = [...latest.filter(({ endedAt }) => block.endedAt - endedAt < reportedForMs), block];
}

/** The longest block of the last minute by an app; for the gateway, also outside requests. */
export function longestBlock(app: string, now = performance.now()): LoopBlock | undefined {
  const own = latest.filter((block) => now - block.endedAt < reportedForMs && (block.app ?? "gateway") === app);
  return own.toSorted((a, b) => b.ms - a.ms)[0];
}

/** Checks of how an app uses its process: a blocked event loop, requests without a response. Present only while there is something to report. */
export function processChecks(app: string, slow: RegExp | undefined): Record<string, HealthCheck> {
  const checks: Record<string, HealthCheck> = {};
  const block = longestBlock(app);
  if (block) {
    const seconds = Math.round((performance.now() - block.endedAt) / 1000);
    const ms = Math.round(block.ms).toLocaleString("en");
    checks["event loop"] = async () => {
      throw new HealthCheckError("degraded", `the event loop was blocked for ${ms} ms by ${app}, ${seconds} s ago`);
    };
  }
  const stuck = stuckRequests(app, slow);
  if (stuck.length > 0) {
    const oldest = Math.round((stuck[0] as number) / 1000);
    checks.requests = async () => {
      throw new HealthCheckError(
        "degraded",
        `requests without a response: ${stuck.length}, the oldest for ${oldest} s`,
      );
    };
  }
  return checks;
}
