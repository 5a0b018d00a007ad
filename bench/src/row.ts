import { interleave, type Variant } from "./interleave.ts";
import type { MeasuredServer } from "./processes.ts";
import type { OpenStores } from "./stores.ts";
import { type Load, wrk } from "./wrk.ts";

/** Options of a run: number of rounds, seconds per measurement, scale of the data, and where its stores come from. */
export interface RunOptions {
  rounds: number;
  /** May be a fraction. */
  seconds: number;
  /** Factor for the size of large data; small for a run that only shows that a row works. */
  scale: number;
  openStores: OpenStores;
}

/** One row of measurements: starts the servers it compares, verifies their responses, measures, prints. */
export interface Row {
  name: string;
  about: string;
  run(options: RunOptions): Promise<void>;
}

/** A variant that loads a server and measures requests per second and CPU time per request. */
export function loadVariant(name: string, servers: MeasuredServer[], load: Load, seconds: number): Variant {
  return {
    name,
    async measure() {
      const before = servers.map((server) => server.cpu());
      const { requestsPerSecond, requests, p99 } = await wrk(load, seconds);
      const used = servers.reduce((sum, server, i) => sum + server.cpu() - (before[i] ?? 0), 0);
      return { figure: requestsPerSecond, cpuPerUnit: used / requests, p99 };
    },
  };
}

/** Measures the variants and prints a table; ratios are relative to the first variant. */
export async function compare(title: string, unit: string, variants: Variant[], rounds: number): Promise<void> {
  console.log(`\n${title}`);
  for (const outcome of await interleave(variants, rounds)) {
    const { cpuPerUnit } = outcome;
    const cpu = cpuPerUnit === undefined ? "" : `  ${cpuPerUnit.toFixed(cpuPerUnit < 100 ? 1 : 0).padStart(6)} µs CPU`;
    const p99 = outcome.p99 === undefined ? "" : `  p99 ${outcome.p99.toFixed(1).padStart(6)} ms`;
    const figure = outcome.median.toLocaleString("en", { maximumFractionDigits: outcome.median < 100 ? 2 : 0 });
    console.log(
      `  ${outcome.name.padEnd(28)} ${figure.padStart(11)} ${unit}  ratio ${outcome.ratio.toFixed(2).padStart(6)}${cpu}${p99}`,
    );
  }
}
