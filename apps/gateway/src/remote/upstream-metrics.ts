import { counter, gauge } from "@quintet/http";
import type { Target } from "./target.ts";

/** The targets of the remote apps that are open, by app. */
const watched = new Map<Target, string>();

const labels = ["app", "target"] as const;

function each(name: string, help: string, value: (target: Target) => number): void {
  gauge(name, help, labels, (made) => {
    for (const [target, app] of watched) made.set({ app, target: target.connections.origin.origin }, value(target));
  });
}

each("quintet_upstream_up", "1 when a target is asked, 0 while it is left out or says it is unwell.", (target) =>
  target.well && !target.ejected ? 1 : 0,
);
each("quintet_upstream_ejected", "1 while a target is left out because it failed.", (target) =>
  target.ejected ? 1 : 0,
);
each("quintet_upstream_requests_in_progress", "Requests under way to a target.", (target) => target.underWay);

/** Attempts that went wrong, by what became of the request. */
export const failedAttempts = counter(
  "quintet_upstream_failed_attempts_total",
  "Requests to a target that failed, and whether they were sent again.",
  ["app", "outcome"],
);

/** Shows the targets of an app from now on; the result ends that. */
export function watchTargets(app: string, targets: Target[]): () => void {
  for (const target of targets) watched.set(target, app);
  return () => {
    for (const target of targets) watched.delete(target);
  };
}
