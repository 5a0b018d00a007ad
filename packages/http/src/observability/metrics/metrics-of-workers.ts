import type { WorkerReport } from "@quintet/workers";
import { AggregatorRegistry } from "prom-client";
import { registry } from "./registry.ts";

/** A metric as `getMetricsAsJSON` gives it. */
interface Family {
  name: string;
  type: string;
  values: { metricName?: string; labels: object; value: number }[];
}

/** The metrics of this process, as a worker reports them to the others. */
export async function workerReport(): Promise<WorkerReport> {
  const families = (await registry.getMetricsAsJSON()) as unknown as Family[];
  const counters: Record<string, number> = {};
  const state = families.map((family) => {
    const { name, type, values } = family;
    if (type === "gauge") return family;
    for (const { metricName = name, labels, value } of values)
      counters[JSON.stringify([name, metricName, labels])] = value;
    return { ...family, values: [] };
  });
  return { counters, state };
}

/** The metrics of all workers together, in Prometheus' text format: counters are summed, each gauge defines how it is combined. */
export function textOf(reports: WorkerReport[]): Promise<string> {
  const states = reports.flatMap(({ state }) => (state ? [state as Family[]] : []));
  const families = new Map(states.flat().map((family) => [family.name, { ...family, values: [] as Family["values"] }]));
  const sums = new Map<string, number>();
  for (const { counters } of reports) {
    for (const [key, count] of Object.entries(counters)) sums.set(key, (sums.get(key) ?? 0) + count);
  }
  for (const [key, value] of sums) {
    const [name, metricName, labels] = JSON.parse(key) as [string, string, object];
    families.get(name)?.values.push({ metricName, labels, value });
  }
  type Aggregated = Parameters<typeof AggregatorRegistry.aggregate>[0];
  return AggregatorRegistry.aggregate([...states, [...families.values()]] as unknown as Aggregated).metrics();
}
