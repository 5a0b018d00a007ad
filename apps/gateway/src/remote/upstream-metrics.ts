import { counter, gauge } from "@quintet/http";
import type { RemoteApp } from "./remote-app.ts";
import type { Target } from "./target.ts";

/** The remote apps that are open. */
const watched = new Set<RemoteApp>();

type OfWorkers = Parameters<typeof gauge>[4];

/** A gauge of each target. Where workers see a target differently, the worst is shown. */
function ofTargets(name: string, help: string, ofWorkers: OfWorkers, value: (target: Target) => number): void {
  const tell = (made: ReturnType<typeof gauge<"app" | "target">>) => {
    for (const { name: app, targets } of watched) {
      for (const target of targets.all) made.set({ app, target: target.connections.origin.origin }, value(target));
    }
  };
  gauge(name, help, ["app", "target"], tell, ofWorkers);
}

/** A gauge of each remote app. */
function ofApps(name: string, help: string, ofWorkers: OfWorkers, value: (app: RemoteApp) => number): void {
  const tell = (made: ReturnType<typeof gauge<"app">>) => {
    for (const app of watched) made.set({ app: app.name }, value(app));
  };
  gauge(name, help, ["app"], tell, ofWorkers);
}

ofTargets(
  "quintet_upstream_up",
  "1 when a target is asked, 0 while it is left out or says it is unwell.",
  "min",
  (target) => (target.well && !target.ejected ? 1 : 0),
);
ofTargets("quintet_upstream_ejected", "1 while a target is left out because it failed.", "max", (target) =>
  target.ejected ? 1 : 0,
);
ofTargets(
  "quintet_upstream_share",
  "The share of its requests that a target gets: 0 while it is left out, growing to 1 after it came back.",
  "min",
  (target) => target.share(performance.now()),
);
ofTargets(
  "quintet_upstream_requests_in_progress",
  "Requests under way to a target.",
  "sum",
  (target) => target.underWay,
);
ofApps(
  "quintet_upstream_circuit_open",
  "1 while every target of an app is left out: requests wait for a moment, then are refused at once.",
  "max",
  ({ targets }) => (targets.all.every(({ ejected }) => ejected) ? 1 : 0),
);
ofApps(
  "quintet_upstream_requests_held",
  "Requests that wait for a target of an app to come back.",
  "sum",
  (app) => app.held,
);
ofApps(
  "quintet_upstream_retries_left",
  "How many requests to an app could be sent again now.",
  "min",
  (app) => app.budget.left,
);

gauge(
  "quintet_upstream_connections",
  "Connections to a target, in use, idle, or parked with a request that waits for something to happen, and requests that wait for one.",
  ["app", "target", "state"],
  (made) => {
    for (const { name: app, targets } of watched) {
      for (const { connections } of targets.all) {
        const { inUse, idle, parked, waiting } = connections.counts;
        const target = connections.origin.origin;
        made.set({ app, target, state: "in use" }, inUse);
        made.set({ app, target, state: "idle" }, idle);
        made.set({ app, target, state: "parked" }, parked);
        made.set({ app, target, state: "waiting" }, waiting);
      }
    }
  },
);

/** Attempts that went wrong, by what became of the request. */
export const failedAttempts = counter(
  "quintet_upstream_failed_attempts_total",
  "Requests to a target that failed, and whether they were sent again.",
  ["app", "outcome"],
);

/** Tells of an app and its targets from now on; the result ends that. */
export function watchUpstream(app: RemoteApp): () => void {
  watched.add(app);
  return () => watched.delete(app);
}
