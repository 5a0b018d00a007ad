import { HealthCheckError, type HealthReport, type OverallHealth } from "@quintet/http";
import type { Upstream } from "../routing/upstream.ts";

/** The health report of an app; `failing` without checks when it is unreachable or its response is invalid. */
export async function appHealth({ prefix, get }: Upstream): Promise<HealthReport> {
  try {
    const response = await get(`${prefix}/health`);
    const report = (await response.json()) as Partial<HealthReport>;
    if (report.checks !== undefined && report.status !== undefined) return report as HealthReport;
  } catch {
    // Unreachable.
  }
  return { status: "failing", checks: {} };
}

/** Why an app is not healthy, in public words; undefined when it is healthy. */
export function healthReason(report: HealthReport): string | undefined {
  if (report.status === "ok") return undefined;
  const faults = Object.entries(report.checks).filter(([, { status }]) => status !== "ok");
  if (faults.length === 0) return "unreachable";
  return faults.map(([name, { why }]) => (why ? `${name}: ${why}` : `${name} is unavailable`)).join("; ");
}

/** Since when an app has not been healthy, in ISO 8601; undefined when unknown. */
export function unhealthySince(report: HealthReport): string | undefined {
  const times = Object.values(report.checks).flatMap(({ since }) => since ?? []);
  return times.sort()[0];
}

/** The health check of one app; rejects with `HealthCheckError` when it is not healthy. */
export async function checkApp(upstream: Upstream): Promise<void> {
  const report = await appHealth(upstream);
  if (report.status !== "ok")
    throw new HealthCheckError(report.status, healthReason(report) ?? "", unhealthySince(report));
}

/**
 * The gateway's health: degraded while any app is not healthy, failing only when all apps are. Otherwise a load balancer would take every
 * gateway out of rotation because one app is slow.
 */
export const gatewayHealth: OverallHealth = (parts) => {
  if (parts.every((part) => part === "ok")) return "ok";
  return parts.every((part) => part === "failing") ? "failing" : "degraded";
};
