import { longestBlock } from "./observing/loop-blocks.ts";
import { stuckRequests } from "./observing/under-way.ts";

/** A check of one dependency: resolves when it is well, rejects when it is not; with `Unwell` it says why. */
export type HealthCheck = () => Promise<unknown>;

/** `degraded` is less than well, and yet serves. */
export type HealthStatus = "ok" | "degraded" | "failing";

export interface HealthReport {
  status: HealthStatus;
  checks: Record<string, { status: HealthStatus; ms: number; why?: string }>;
}

/** What a check rejects with to tell everybody why. */
export class Unwell extends Error {
  override name = "Unwell";
  readonly status: "degraded" | "failing";

  constructor(status: "degraded" | "failing", why: string) {
    super(why);
    this.status = status;
  }
}

const limitMs = 2000;

/** How the whole is when its parts are so; an app cannot do without any of its stores. */
export type OverallHealth = (parts: HealthStatus[]) => HealthStatus;

/** As bad as the worst. */
const worst: OverallHealth = (parts) =>
  parts.includes("failing") ? "failing" : parts.includes("degraded") ? "degraded" : "ok";

/** Runs the checks side by side, each with 2 s; a failing one is named. Of an error nothing is told unless it is an `Unwell`. */
export async function healthReport(
  checks: Record<string, HealthCheck>,
  overall: OverallHealth = worst,
): Promise<HealthReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const started = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Unwell("failing", `no answer within ${limitMs / 1000} s`)), limitMs);
      });
      const found = await Promise.race([check(), late])
        .then(() => ({ status: "ok" as const }))
        .catch((error: unknown) =>
          error instanceof Unwell ? { status: error.status, why: error.message } : { status: "failing" as const },
        )
        .finally(() => clearTimeout(timer));
      return [name, { ...found, ms: Math.round((performance.now() - started) * 100) / 100 }] as const;
    }),
  );
  const statuses = results.map(([, { status }]) => status);
  return {
    status: overall(statuses),
    checks: Object.fromEntries(results),
  };
}

/** What an app does to its process, as checks that are there only while there is something to tell. */
export function conductChecks(app: string, slow: RegExp | undefined): Record<string, HealthCheck> {
  const checks: Record<string, HealthCheck> = {};
  const block = longestBlock(app);
  if (block) {
    const seconds = Math.round((performance.now() - block.endedAt) / 1000);
    const ms = Math.round(block.ms).toLocaleString("en");
    checks["event loop"] = async () => {
      throw new Unwell("degraded", `the event loop was blocked for ${ms} ms by ${app}, ${seconds} s ago`);
    };
  }
  const stuck = stuckRequests(app, slow);
  if (stuck.length > 0) {
    const oldest = Math.round((stuck[0] as number) / 1000);
    checks.requests = async () => {
      throw new Unwell("degraded", `requests that wait for an answer: ${stuck.length}, the oldest for ${oldest} s`);
    };
  }
  return checks;
}
