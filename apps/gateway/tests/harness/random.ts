/** Numbers from a seed, always the same ones. */
export interface Random {
  seed: number;
  /** Below 1, from 0. */
  next(): number;
  /** A whole number below `limit`. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32; the seed is `QUINTET_SEED`, or this one. */
export function seeded(standard: number): Random {
  const seed = Number(process.env.QUINTET_SEED ?? standard);
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { seed, next, below, pick: <T>(list: readonly T[]) => list[below(list.length)] as T };
}

const bits = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  ":",
  ";",
  "/..",
  "%2e",
  "chunked",
  "0",
  "-1",
  "\xff",
  "HTTP/1.1",
  "\t",
].concat(
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Host: b\r\n",
  "GET /queue/evil HTTP/1.1\r\nHost: a\r\n\r\n",
);

/** A text with one fault more: something put in, left out, changed or repeated. */
export function mutated(text: string, { next, below, pick }: Random): string {
  const at = below(text.length);
  const kind = next();
  if (kind < 0.3) return text.slice(0, at) + pick(bits) + text.slice(at);
  if (kind < 0.6) return text.slice(0, at) + text.slice(at + 1 + below(4));
  if (kind < 0.9) return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
  return text.slice(0, at) + text.slice(below(text.length));
}
