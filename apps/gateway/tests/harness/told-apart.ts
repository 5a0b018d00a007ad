/** How likely two samples would differ as much as these do if they came from one source, by three tests of different kinds. */
export function likelihoods(a: number[], b: number[]): { ranks: number; shapes: number; means: number } {
  return { ranks: mannWhitney(a, b), shapes: kolmogorovSmirnov(a, b), means: yuen(a, b) };
}

/** Whether any of the tests tells the samples apart, where by chance one in 10,000 comparisons would be. */
export function toldApart(a: number[], b: number[]): boolean {
  const { ranks, shapes, means } = likelihoods(a, b);
  return 3 * Math.min(ranks, shapes, means) < 1e-4;
}

/** Whether the values of one are larger on the whole. */
function mannWhitney(a: number[], b: number[]): number {
  const all = [...a.map((value) => ({ value, mine: true })), ...b.map((value) => ({ value, mine: false }))];
  all.sort((x, y) => x.value - y.value);
  let ranks = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end]?.value === all[i]?.value) end++;
    for (let k = i; k < end; k++) if (all[k]?.mine) ranks += (i + end + 1) / 2; // Equal values share a rank.
    i = end;
  }
  const u = ranks - (a.length * (a.length + 1)) / 2;
  const spread = Math.sqrt((a.length * b.length * (all.length + 1)) / 12);
  return twoSided((u - (a.length * b.length) / 2) / spread);
}

/** Whether the distributions differ anywhere. */
function kolmogorovSmirnov(a: number[], b: number[]): number {
  const [x, y] = [a.toSorted((p, q) => p - q), b.toSorted((p, q) => p - q)];
  let [i, k, widest] = [0, 0, 0];
  while (i < x.length && k < y.length) {
    const at = Math.min(x[i] ?? 0, y[k] ?? 0);
    while (i < x.length && (x[i] ?? 0) <= at) i++;
    while (k < y.length && (y[k] ?? 0) <= at) k++;
    widest = Math.max(widest, Math.abs(i / x.length - k / y.length));
  }
  return Math.min(1, 2 * Math.exp((-2 * widest ** 2 * a.length * b.length) / (a.length + b.length)));
}

/** Whether the means differ once the fastest and the slowest tenth are cut off (Yuen's test, for large samples). */
function yuen(a: number[], b: number[]): number {
  const parts = [a, b].map((values) => {
    const sorted = values.toSorted((p, q) => p - q);
    const cut = Math.floor(sorted.length / 10);
    const kept = sorted.slice(cut, sorted.length - cut);
    const [low, high] = [kept[0] ?? 0, kept.at(-1) ?? 0];
    const clipped = sorted.map((value) => Math.min(Math.max(value, low), high));
    const middle = mean(clipped);
    const squares = clipped.reduce((sum, value) => sum + (value - middle) ** 2, 0);
    return { mean: mean(kept), error: squares / (kept.length * (kept.length - 1)) };
  });
  const [x, y] = parts;
  if (!x || !y || x.error + y.error === 0) return 1;
  return twoSided((x.mean - y.mean) / Math.sqrt(x.error + y.error));
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How likely a normal value lies further from 0 than `z` (Abramowitz and Stegun 7.1.26, within 2e-7). */
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return series * Math.exp(-(x ** 2));
}
