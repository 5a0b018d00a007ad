import { HealthCheckError, type HealthReport, type OverallHealth } from "@quintet/http";
import type { Upstream } from "../upstream.ts";

/** What an app says of its health; `failing` without a check when it says nothing that can be understood. */
export async function appHealth({ prefix, get }: Upstream): Promise<HealthReport> {
  try {
    const answer = await get(`${prefix}/health`);
    const report = (await answer.json()) as Partial<HealthReport>;
    if (report.checks !== undefined && report.status !== undefined) return report as HealthReport;
  } catch {
    // It cannot be reached.
  }
  return { status: "failing", checks: {} };
}

/** What is wrong with an app, in words that everybody may read; nothing when it is well. */
export function whyUnwell(report: HealthReport): string | undefined {
  if (report.status === "ok") return undefined;
  const faults = Object.entries(report.checks).filter(([, { status }]) => status !== "ok");
  if (faults.length === 0) return "it cannot be reached";
  return faults.map(([name, { why }]) => (why ? `${name}: ${why}` : `${name} is away`)).join("; ");
}

/** Since when an app is less than well, in ISO 8601, as far as it says so. */
export function unwellSince(report: HealthReport): string | undefined {
  const times = Object.values(report.checks).flatMap(({ since }) => since ?? []);
  return times.sort()[0];
}

/** A check of an app for the health of all of them: rejects with `HealthCheckError` when it is less than well. */
export async function checkApp(upstream: Upstream): Promise<void> {
  const report = await appHealth(upstream);
  if (report.status !== "ok") throw new HealthCheckError(report.status, whyUnwell(report) ?? "", unwellSince(report));
}

/**
 * How the gateway is: degraded while any app is less than well, and failing when none serves. A balancer that asks would
 * otherwise leave out every gateway because one app is slow.
 */
export const gatewayHealth: OverallHealth = (parts) => {
  if (parts.every((part) => part === "ok")) return "ok";
  return parts.every((part) => part === "failing") ? "failing" : "degraded";
};
