/** A check of one dependency: resolves when it is well, rejects when it is not. */
export type HealthCheck = () => Promise<unknown>;

export interface HealthReport {
  status: "ok" | "failing";
  checks: Record<string, { status: "ok" | "failing"; ms: number }>;
}

const limitMs = 2000;

/** Runs the checks side by side, each with 2 s; a failing one is named, its error is not told. */
export async function healthReport(checks: Record<string, HealthCheck>): Promise<HealthReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const started = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error("late")), limitMs);
      });
      const status = await Promise.race([check(), late])
        .then(() => "ok" as const)
        .catch(() => "failing" as const)
        .finally(() => clearTimeout(timer));
      return [name, { status, ms: Math.round((performance.now() - started) * 100) / 100 }] as const;
    }),
  );
  return {
    status: results.every(([, result]) => result.status === "ok") ? "ok" : "failing",
    checks: Object.fromEntries(results),
  };
}
