/** One of several ways to do the same thing. `measure` returns a figure, more is better. */
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

/** The middle value; the mean of the two middle ones for an even number. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Measures every variant once per round, in turn and in an order that rotates, so that a drift of the machine's
 * speed meets all of them; ratios are taken within a round.
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
    const mine = results[i] ?? [];
    const known = (pick: (figures: Figures) => number | undefined) => {
      const values = mine.map(pick).filter((value) => value !== undefined);
      return values.length > 0 ? median(values) : undefined;
    };
    return {
      name: variant.name,
      median: median(mine.map((result) => result.figure)),
      cpuPerUnit: known((figures) => figures.cpuPerUnit),
      p99: known((figures) => figures.p99),
      ratio: median(mine.map((result, round) => result.figure / (base[round] ?? Number.NaN))),
    };
  });
}
