/** Numbers from `QUINTET_SEED`, or from `standard`: always the same ones (Mulberry32). */
export function seeded(standard: number) {
  const seed = Number(process.env.QUINTET_SEED ?? standard);
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  };
  return { seed, below, pick: <T>(list: readonly T[]): T => list[below(list.length)] as T };
}
