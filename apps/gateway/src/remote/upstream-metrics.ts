import { counter, gauge } from "@quintet/http";
import type { RemoteApp } from "./remote-app.ts";
import type { Target } from "./targets/target.ts";

/** The open remote apps. */
const openApps = new Set<RemoteApp>();

type Aggregation = Parameters<typeof gauge>[4];

/** A gauge for each target. Where workers disagree about a target, the worst value is shown. */
function targetGauge(name: string, help: string, aggregation: Aggregation, value: (target: Target) => number): void {
  const collect = (metric: ReturnType<typeof gauge<"app" | "target">>) => {
    for (const { name: app, targets } of openApps) {
      for (const target of targets.all) metric.set({ app, target: target.pool.origin.origin }, value(target));
    }
  };
  gauge(name, help, ["app", "target"], collect, aggregation);
}

/** A gauge for each remote app. */
function appGauge(name: string, help: string, aggregation: Aggregation, value: (app: RemoteApp) => number): void {
  const collect = (metric: ReturnType<typeof gauge<"app">>) => {
    for (const app of openApps) metric.set({ app: app.name }, value(app));
  };
  gauge(name, help, ["app"], collect, aggregation);
}

targetGauge(
  "quintet_upstream_up",
  "1 while a target gets requests, 0 while it is ejected or unhealthy.",
  "min",
  (target) => (target.healthy && !target.ejected ? 1 : 0),
);
targetGauge("quintet_upstream_ejected", "1 while a target is ejected because it failed.", "max", (target) =>
  target.ejected ? 1 : 0,
);
targetGauge(
  "quintet_upstream_share",
  "The share of its usual requests that a target gets: 0 while it is ejected, growing to 1 after it has recovered.",
  "min",
  (target) => target.share(performance.now()),
);
targetGauge(
  "quintet_upstream_requests_in_progress",
  "Requests in flight to a target.",
  "sum",
  (target) => target.inFlight,
);
appGauge(
  "quintet_upstream_circuit_open",
  "1 while every target of an app is ejected: requests are held briefly, then refused at once.",
  "max",
  ({ targets }) => (targets.all.every(({ ejected }) => ejected) ? 1 : 0),
);
appGauge(
  "quintet_upstream_requests_held",
  "Requests held until a target of an app is available.",
  "sum",
  (app) => app.held,
);
appGauge(
  "quintet_upstream_retries_left",
  "How many requests to an app may currently be retried.",
  "min",
  (app) => app.budget.left,
);

gauge(
  "quintet_upstream_connections",
  "Connections to a target: in use, idle, or parked with a request that waits for an event; and requests waiting for a connection.",
  ["app", "target", "state"],
  (metric) => {
    for (const { name: app, targets } of openApps) {
      for (const { pool } of targets.all) {
        const { inUse, idle, parked, waiting } = pool.counts;
        const target = pool.origin.origin;
        metric.set({ app, target, state: "in use" }, inUse);
        metric.set({ app, target, state: "idle" }, idle);
        metric.set({ app, target, state: "parked" }, parked);
        metric.set({ app, target, state: "waiting" }, waiting);
      }
    }
  },
);

/** Failed attempts, by what happened to the request. */
export const failedAttempts = counter(
  "quintet_upstream_failed_attempts_total",
  "Requests to a target that failed, and whether they were retried.",
  ["app", "outcome"],
);

/** Adds an app and its targets to the metrics; the returned function removes them. */
export function watchUpstream(app: RemoteApp): () => void {
  openApps.add(app);
  return () => openApps.delete(app);
}
