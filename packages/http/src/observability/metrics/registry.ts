import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** The metrics of this process: there is one process, so there is one registry. Names follow Prometheus' rules for names. */
export const registry = new Registry();

/** A counter; its name ends in `_total`. Labels must take few values: never an id, a path or a name that a client chose. */
export function counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

/**
 * A gauge. With `collect` its values are set when metrics are scraped, which costs nothing in between. Of several workers the
 * sum is shown, or what `ofWorkers` says: their largest or smallest value where each of them sees the same thing.
 */
export function gauge<L extends string>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ofWorkers: "sum" | "min" | "max" = "sum",
): Gauge<L> {
  const made: Gauge<L> = new Gauge({
    name,
    help,
    labelNames,
    aggregator: ofWorkers,
    registers: [registry],
    ...(collect
      ? {
          async collect() {
            made.reset();
            await collect(made);
          },
        }
      : {}),
  });
  return made;
}

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
