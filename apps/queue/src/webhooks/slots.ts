/** A number of slots that several take from, first come, first served when there are none. */
export interface Slots {
  /** Takes up to `wanted` slots; returns how many. */
  take(wanted: number): number;
  give(count: number): void;
  /** Resolves when there may be a free slot, or when `signal` aborts. */
  whenFree(signal: AbortSignal): Promise<void>;
}

export function createSlots(total: number): Slots {
  let free = total;
  const waiting = new Set<() => void>();
  return {
    take(wanted) {
      const taken = Math.max(0, Math.min(wanted, free));
      free -= taken;
      return taken;
    },
    give(count) {
      free += count;
      // One that is woken and uses no slot gives it back, which wakes the next.
      for (const wake of [...waiting].slice(0, Math.max(1, count))) wake();
    },
    whenFree(signal) {
      if (free > 0 || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
  };
}
