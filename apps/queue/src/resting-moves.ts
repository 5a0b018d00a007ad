import type { Moves } from "./moves.ts";

type Delivered = Awaited<ReturnType<Moves["deliver"]>>;

const restMs = 1000;

/**
 * Moves of which those that failed rest for a moment, in this process: everybody who uses a queue tries to bring on what it has on its way,
 * and while that cannot be done (the destination is broken, Redis has no memory left) trying must not slow down each of them.
 */
export function restingMoves(moves: Moves): Moves {
  const resting = new Map<string, Delivered>();
  return {
    ...moves,
    async deliver(queue) {
      const before = resting.get(queue);
      if (before) return before;
      const delivered = await moves.deliver(queue);
      if (delivered.failed.size > 0 && !resting.has(queue)) {
        resting.set(queue, delivered);
        setTimeout(() => resting.delete(queue), restMs).unref();
      }
      return delivered;
    },
  };
}
