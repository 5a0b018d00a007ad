import { type HealthCheck, HealthCheckError } from "./health.ts";
import { stuckRequests } from "./in-flight.ts";
import { longestBlock } from "./loop-blocks.ts";

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
