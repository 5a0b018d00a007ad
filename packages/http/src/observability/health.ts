import { deadline } from "./deadline.ts";

/** A check of one dependency: resolves when it is well, rejects when it is not; with `HealthCheckError` it says why. */
export type HealthCheck = () => Promise<unknown>;

/** `degraded` is less than well, and yet serves. */
export type HealthStatus = "ok" | "degraded" | "failing";

export interface HealthReport {
  status: HealthStatus;
  /** `since`: when it was first noticed to be less than well, in ISO 8601; looked at every 2 s. */
  checks: Record<string, { status: HealthStatus; ms: number; why?: string; since?: string }>;
}

/** Since when each check that is less than well has been so. */
type FailingSince = Map<string, string>;

/** What a check rejects with to tell everybody why. */
export class HealthCheckError extends Error {
  override name = "HealthCheckError";
  readonly status: "degraded" | "failing";
  /** Since when, where that is known better than by looking now and then. */
  readonly since: string | undefined;

  constructor(status: "degraded" | "failing", why: string, since?: string) {
    super(why);
    this.status = status;
    this.since = since;
  }
}

const limitMs = 2000;
const lookEveryMs = 2000;

/** How the whole is when its parts are so; an app cannot do without any of its stores. */
export type OverallHealth = (parts: HealthStatus[]) => HealthStatus;

/** As bad as the worst. */
const worst: OverallHealth = (parts) =>
  parts.includes("failing") ? "failing" : parts.includes("degraded") ? "degraded" : "ok";

/**
 * Runs the checks side by side, each with 2 s; a failing one is named, with the time since when it fails, for which `unwell`
 * is kept from call to call. Of an error nothing is told unless it is an `HealthCheckError`.
 */
export async function healthReport(
  checks: Record<string, HealthCheck>,
  overall: OverallHealth = worst,
  unwell: FailingSince = new Map(),
): Promise<HealthReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const started = performance.now();
      const startedAt = new Date();
      const found = await deadline(check(), limitMs, () => {
        throw new HealthCheckError("failing", `no response within ${limitMs / 1000} s`);
      })
        .then(() => ({ status: "ok" as const }))
        .catch((error: unknown) =>
          error instanceof HealthCheckError
            ? { status: error.status, why: error.message, since: error.since }
            : { status: "failing" as const, since: undefined },
        );
      const ms = Math.round((performance.now() - started) * 100) / 100;
      if (found.status === "ok") {
        unwell.delete(name);
        return [name, { ...found, ms }] as const;
      }
      const since = found.since ?? unwell.get(name) ?? startedAt.toISOString();
      unwell.set(name, since);
      return [name, { ...found, ms, since }] as const;
    }),
  );
  const statuses = results.map(([, { status }]) => status);
  return {
    status: overall(statuses),
    checks: Object.fromEntries(results),
  };
}

/** What is looked at though nobody asks, by the app's name. */
const watched = new Map<string, () => Promise<unknown>>();

/** The health of an app, which remembers since when a check fails; looked at from time to time while `pollHealth` runs. */
export function trackedHealth(app: string, checks: Record<string, HealthCheck>) {
  const unwell: FailingSince = new Map();
  // The gateway's checks are these, of each app.
  if (app !== "gateway") watched.set(app, () => healthReport(checks, undefined, unwell));
  return (more: Record<string, HealthCheck>, overall?: OverallHealth) =>
    healthReport({ ...checks, ...more }, overall, unwell);
}

/** Looks at the checks of this process's apps every 2 s, so that a store is known to be unavailable before somebody asks. */
export function pollHealth(): Disposable {
  const timer = setInterval(() => {
    for (const look of watched.values()) look().catch(() => {}); // What fails is in the report.
  }, lookEveryMs).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      watched.clear();
    },
  };
}
