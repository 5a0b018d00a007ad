/** A time in which the event loop of this process was blocked. */
export interface LoopBlock {
  ms: number;
  /** The app whose request was being processed; undefined outside a request. */
  app: string | undefined;
  /** When it ended, from `performance.now()`. */
  endedAt: number;
}

const reportedForMs = 60_000;
let latest: LoopBlock[] = [];

/** Records a block for the time in which it is reported. */
export function noteBlock(block: LoopBlock): void {
  latest = [...latest.filter(({ endedAt }) => block.endedAt - endedAt < reportedForMs), block];
}

/** The longest block of the last minute by an app; for the gateway, also outside requests. */
export function longestBlock(app: string, now = performance.now()): LoopBlock | undefined {
  const own = latest.filter((block) => now - block.endedAt < reportedForMs && (block.app ?? "gateway") === app);
  return own.toSorted((a, b) => b.ms - a.ms)[0];
}
