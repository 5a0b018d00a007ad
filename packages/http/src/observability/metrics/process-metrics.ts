import { collectDefaultMetrics } from "prom-client";
import { registry } from "./registry.ts";

let collecting = false;

/** Begins to measure the process itself: CPU, memory, handles, garbage collection and the delay of the event loop. Once is enough. */
export function measureProcess(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics({ register: registry });
  for (const metric of registry.getMetricsAsArray()) {
    // The delay of one worker is not mended by another that idles.
    if (metric.name.startsWith("nodejs_eventloop_lag") && !metric.name.includes("_min_")) metric.aggregator = "max";
  }
}
