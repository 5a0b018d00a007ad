/** A repeatable source of choices: the same seed makes the same choices everywhere. */
export interface Random {
  /** A whole number from `min` to `max`. */
  whole(min: number, max: number): number;
  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T;
  /** One of `from`, each as often as its weight says. */
  weighted<T>(from: readonly T[], weight: (item: T) => number): T;
  /** True in `share` of 100 cases. */
  chance(share: number): boolean;
}

/** Mulberry32, a generator of 32-bit numbers by Tommy Ettinger; good enough for examples, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    whole,
    pick: (from) => from[whole(0, from.length - 1)] as (typeof from)[number],
    weighted(from, weight) {
      let left = next() * from.reduce((sum, item) => sum + weight(item), 0);
      for (const item of from) {
        left -= weight(item);
        if (left < 0) return item;
      }
      return from[from.length - 1] as (typeof from)[number];
    },
    chance: (share) => next() * 100 < share,
  };
}
