import { deadline, gauge } from "@quintet/http";
import type { SimpleCommands } from "./commands/simple-commands.ts";
import type { Flow } from "./flow.ts";
import { simpleName } from "./keys.ts";
import { listQueues, type QueueDeps } from "./queues.ts";

/** So many queues are named, the first ones by name. */
const mostNamed = 100;
const longestMs = 1000;

interface Depth {
  queue: string;
  ready: number;
  blocked: number;
  delayed: number;
  leased: number;
  dead: number;
  moving: number;
}

type QueueFlow = { queue: string } & Flow;

/** What the metrics of one set of queues are made of; each fails by itself. */
interface Reads {
  named(): Promise<Depth[]>;
  flow(): Promise<QueueFlow[]>;
  simple(): Promise<Depth[]>;
  broken(): Promise<string[]>;
  simpleBytes(): Promise<number[]>;
}

const open = new Set<Reads>();

gauge(
  "quintet_queue_messages",
  "Messages in a queue: ready, blocked behind another of their group, delayed, leased, dead when it is a dead-letter queue, or moving to another.",
  ["queue", "state"],
  async (made) => {
    for (const reads of open) {
      const depths = await Promise.all([soon(reads.named()), soon(reads.simple())]);
      for (const { queue, ...counts } of depths.flat()) {
        for (const [state, count] of Object.entries(counts)) made.inc({ queue, state }, count);
      }
    }
  },
  // All processes see the same queues.
  "max",
);

gauge(
  "quintet_queue_flow",
  "Messages of a queue since it was created: sent, received, acked, expired, purged, moved in and out.",
  ["queue", "event"],
  async (made) => {
    for (const reads of open) {
      for (const { queue, ...flow } of await soon(reads.flow())) {
        for (const [event, number] of Object.entries(flow)) made.set({ queue, event }, number);
      }
    }
  },
  "max",
);

gauge(
  "quintet_queue_broken",
  "1 for a queue that cannot be used because something in its keys is not what it must be.",
  ["queue"],
  async (made) => {
    for (const reads of open) for (const queue of await soon(reads.broken())) made.set({ queue }, 1);
  },
  "max",
);

gauge(
  "quintet_queue_simple_bytes",
  "Bytes of the messages in the queue of push and pop.",
  [],
  async (made) => {
    for (const reads of open) for (const bytes of await soon(reads.simpleBytes())) made.set(bytes);
  },
  "max",
);

/** Reports the queues from now on; disposing of the result ends that. */
export function watchDepths(deps: QueueDeps, simple: SimpleCommands): Disposable {
  const reads: Reads = {
    async named() {
      const { queues } = await listQueues(deps, { limit: mostNamed, after: undefined });
      const deadLetterQueues = new Set(queues.map(({ deadLetterQueue }) => deadLetterQueue));
      return queues.map(({ name, counts, moving }) => {
        const { ready, blocked, delayed, leased } = counts;
        return deadLetterQueues.has(name)
          ? { queue: name, ready: 0, blocked, delayed, leased, dead: ready, moving }
          : { queue: name, ready, blocked, delayed, leased, dead: 0, moving };
      });
    },
    async flow() {
      const { queues } = await listQueues(deps, { limit: mostNamed, after: undefined });
      return queues.map(({ name, flow }) => ({ queue: name, ...flow }));
    },
    async simple() {
      return [
        { queue: simpleName, ready: await simple.count(), blocked: 0, delayed: 0, leased: 0, dead: 0, moving: 0 },
      ];
    },
    simpleBytes: async () => [await simple.bytes()],
    broken: async () =>
      Object.keys(await deps.due.broken())
        .sort()
        .slice(0, mostNamed),
  };
  open.add(reads);
  return { [Symbol.dispose]: () => open.delete(reads) };
}

/** Nothing when Redis does not respond within a second, or not well: the other metrics are not kept waiting. */
function soon<T>(read: Promise<T[]>): Promise<T[]> {
  return deadline(
    read.catch(() => []),
    longestMs,
    () => [],
  );
}
