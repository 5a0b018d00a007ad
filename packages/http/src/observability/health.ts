import { deadline } from "./deadline.ts";

/**
 * A check of one dependency: resolves when it is healthy, otherwise rejects. A `HealthCheckError` gives the public reason. `HealthDetails`
 * that it resolves to are reported.
 */
export type HealthCheck = () => Promise<unknown>;

/** `degraded`: impaired, but serving. */
export type HealthStatus = "ok" | "degraded" | "failing";

export interface HealthReport {
  status: HealthStatus;
  /** `ms`: how long the check took. `since`: when it was first seen not to be `ok`, in ISO 8601; checked every 2 s. */
  checks: Record<string, { status: HealthStatus; ms: number; why?: string; since?: string; details?: Details }>;
}

/** Public facts about a dependency: numbers and short texts by name. */
type Details = Record<string, string | number>;

/** What a health check reports about a healthy dependency. */
export class HealthDetails {
  readonly details: Details;

  constructor(details: Details) {
    this.details = details;
  }
}

/** When each check that is not `ok` was first seen so. */
type FailingSince = Map<string, string>;

/** The rejection of a health check whose reason may be shown to everyone. */
export class HealthCheckError extends Error {
  override name = "HealthCheckError";
  readonly status: "degraded" | "failing";
  /** When it began, if the check knows that itself. */
  readonly since: string | undefined;
  readonly details: Details | undefined;

  constructor(status: "degraded" | "failing", why: string, since?: string, details?: Details) {
    super(why);
    this.status = status;
    this.since = since;
    this.details = details;
  }
}

const limitMs = 2000;
const lookEveryMs = 2000;

/** The status of the whole from the statuses of its parts. */
export type OverallHealth = (parts: HealthStatus[]) => HealthStatus;

/** The worst status of all: an app needs each of its stores. */
const worst: OverallHealth = (parts) =>
  parts.includes("failing") ? "failing" : parts.includes("degraded") ? "degraded" : "ok";

/**
 * Runs the checks in parallel, each for at most 2 s. `failing` keeps from call to call when each was first seen failing. The reason is
 * reported of a `HealthCheckError` only.
 */
export async function healthReport(
  checks: Record<string, HealthCheck>,
  overall: OverallHealth = worst,
  failingSince: FailingSince = new Map(),
): Promise<HealthReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const started = performance.now();
      const found = await deadline(check(), limitMs, () => {
        throw new HealthCheckError("failing", `no response within ${limitMs / 1000} s`);
      })
        .then((found) => ({
          status: "ok" as const,
          ...(found instanceof HealthDetails ? { details: found.details } : {}),
        }))
        .catch((error: unknown) =>
          error instanceof HealthCheckError
            ? {
                status: error.status,
                why: error.message,
                since: error.since,
                ...(error.details ? { details: error.details } : {}),
              }
            : { status: "failing" as const, since: undefined },
        );
      const ms = Math.round((performance.now() - started) * 100) / 100;
      if (found.status === "ok") {
        failingSince.delete(name);
        return [name, { ...found, ms }] as const;
      }
      const since = found.since ?? failingSince.get(name) ?? new Date().toISOString();
      failingSince.set(name, since);
      return [name, { ...found, ms, since }] as const;
    }),
  );
  const statuses = results.map(([, { status }]) => status);
  return {
    status: overall(statuses),
    checks: Object.fromEntries(results),
  };
}

/** The checks that run in the background, by the app's name. */
const watched = new Map<string, () => Promise<unknown>>();

/** The health of an app, with when each check began to fail. Polled in the background while `pollHealth` runs. */
export function trackedHealth(app: string, checks: Record<string, HealthCheck>) {
  const failingSince: FailingSince = new Map();
  // The gateway's checks are those of the apps.
  if (app !== "gateway") watched.set(app, () => healthReport(checks, undefined, failingSince));
  return (more: Record<string, HealthCheck>, overall?: OverallHealth) =>
    healthReport({ ...checks, ...more }, overall, failingSince);
}

/** Runs the checks of this process's apps every 2 s, so that `since` is right even when `/health` is not called. */
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
