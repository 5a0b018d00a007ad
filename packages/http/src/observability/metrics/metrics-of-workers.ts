import type { Given } from "@quintet/workers";
import { AggregatorRegistry } from "prom-client";
import { registry } from "./registry.ts";

/** A metric as `getMetricsAsJSON` gives it. */
interface Family {
  name: string;
  type: string;
  values: { metricName?: string; labels: object; value: number }[];
}

/** The metrics of this process in the form in which workers tell each other of themselves. */
export async function given(): Promise<Given> {
  const families = (await registry.getMetricsAsJSON()) as unknown as Family[];
  const counted: Record<string, number> = {};
  const state = families.map((family) => {
    const { name, type, values } = family;
    if (type === "gauge") return family;
    for (const { metricName = name, labels, value } of values)
      counted[JSON.stringify([name, metricName, labels])] = value;
    return { ...family, values: [] };
  });
  return { counted, state };
}

/** The metrics of all workers together, in Prometheus' text format: counters are summed, gauges say themselves what is told of them. */
export function textOf(each: Given[]): Promise<string> {
  const states = each.flatMap(({ state }) => (state ? [state as Family[]] : []));
  const counters = new Map(states.flat().map((family) => [family.name, { ...family, values: [] as Family["values"] }]));
  const sums = new Map<string, number>();
  for (const { counted } of each) {
    for (const [key, count] of Object.entries(counted)) sums.set(key, (sums.get(key) ?? 0) + count);
  }
  for (const [key, value] of sums) {
    const [name, metricName, labels] = JSON.parse(key) as [string, string, object];
    counters.get(name)?.values.push({ metricName, labels, value });
  }
  type Aggregated = Parameters<typeof AggregatorRegistry.aggregate>[0];
  return AggregatorRegistry.aggregate([...states, [...counters.values()]] as unknown as Aggregated).metrics();
}
