import { ConfigError } from "@quintet/http";

/**
 * Runs every one of `reads`, in order, and resolves to their results. When some throw a `ConfigError`, rejects with one that
 * names the faults of all, so that every invalid setting is reported at once.
 */
export async function withAllFaults<T extends readonly unknown[]>(
  ...reads: { [K in keyof T]: () => T[K] | Promise<T[K]> }
): Promise<T> {
  const faults = new Set<string>();
  const results: unknown[] = [];
  for (const read of reads) {
    try {
      results.push(await read());
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) faults.add(fault);
    }
  }
  // That one is missing may be reported once more, with the reason.
  const all = [...faults].filter((fault, _, others) => !others.some((other) => other.startsWith(`${fault}:`)));
  if (all.length > 0) throw new ConfigError(all);
  return results as unknown as T;
}
