/** One of several implementations that are compared. `measure` returns a figure; higher is better. */
export interface Variant {
  name: string;
  measure(): Promise<{ figure: number; cpuPerUnit?: number; p99?: number }>;
}

export interface Result {
  name: string;
  median: number;
  cpuPerUnit: number | undefined;
  p99: number | undefined;
  /** The median over the rounds of this variant's figure divided by the first variant's figure in the same round. */
  ratio: number;
}

/** The median; the mean of the two middle values if their number is even. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Measures every variant once per round, in rotating order, so that a drift of the machine's speed affects all of them
 * equally. Ratios are computed within a round.
 */
export async function interleave(variants: Variant[], rounds: number): Promise<Result[]> {
  type Figures = Awaited<ReturnType<Variant["measure"]>>;
  const results = variants.map((): Figures[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < variants.length; i++) {
      const at = (i + round) % variants.length;
      const variant = variants[at] as Variant;
      results[at]?.push(await variant.measure());
    }
  }
  const base = results[0]?.map((result) => result.figure) ?? [];
  return variants.map((variant, i) => {
    const own = results[i] ?? [];
    const medianOf = (pick: (figures: Figures) => number | undefined) => {
      const values = own.map(pick).filter((value) => value !== undefined);
      return values.length > 0 ? median(values) : undefined;
    };
    return {
      name: variant.name,
      median: median(own.map((result) => result.figure)),
      cpuPerUnit: medianOf((figures) => figures.cpuPerUnit),
      p99: medianOf((figures) => figures.p99),
      ratio: median(own.map((result, round) => result.figure / (base[round] ?? Number.NaN))),
    };
  });
}
