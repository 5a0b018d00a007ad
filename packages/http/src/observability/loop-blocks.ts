/** A time in which this process could do nothing else. */
export interface LoopBlock {
  ms: number;
  /** The app whose request was being worked on; nothing when it was no request. */
  app: string | undefined;
  /** When it ended, from `performance.now()`. */
  endedAt: number;
}

const reportedForMs = 60_000;
let latest: LoopBlock[] = [];

/** Remembers a block for as long as it is told of. */
export function noteBlock(block: LoopBlock): void {
  latest = [...latest.filter(({ endedAt }) => block.endedAt - endedAt < reportedForMs), block];
}

/** The longest block of the last minute by an app; for the gateway, by what was nobody's request as well. */
export function longestBlock(app: string, now = performance.now()): LoopBlock | undefined {
  const own = latest.filter((block) => now - block.endedAt < reportedForMs && (block.app ?? "gateway") === app);
  return own.toSorted((a, b) => b.ms - a.ms)[0];
}
