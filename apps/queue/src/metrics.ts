import { deadline, gauge } from "@quintet/http";
import type { SimpleQueue } from "./commands/simple-commands.ts";
import { simpleName } from "./keys.ts";
import type { Flow } from "./queues/flow.ts";
import { listQueues, type QueueDeps } from "./queues/queues.ts";

/** The max number of queues in the metrics: the first ones by name. */
const maxQueues = 100;
const timeoutMs = 1000;

/** The number of messages in a queue, by state. */
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

/** The values behind the metrics of one app; each is read, and fails, on its own. */
interface Sources {
  named(): Promise<Depth[]>;
  flow(): Promise<QueueFlow[]>;
  simple(): Promise<Depth[]>;
  broken(): Promise<string[]>;
  simpleBytes(): Promise<number[]>;
}

const reported = new Set<Sources>();

gauge(
  "quintet_queue_messages",
  "Messages in a queue: ready, blocked behind another of their group, delayed, leased, dead (ready in a dead-letter queue), or moving to another queue.",
  ["queue", "state"],
  async (metric) => {
    for (const sources of reported) {
      const depths = await Promise.all([withTimeout(sources.named()), withTimeout(sources.simple())]);
      for (const { queue, ...counts } of depths.flat()) {
        for (const [state, count] of Object.entries(counts)) metric.inc({ queue, state }, count);
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
  async (metric) => {
    for (const sources of reported) {
      for (const { queue, ...flow } of await withTimeout(sources.flow())) {
        for (const [event, number] of Object.entries(flow)) metric.set({ queue, event }, number);
      }
    }
  },
  "max",
);

gauge(
  "quintet_queue_broken",
  "1 for a queue that is broken: its keys have the wrong type or unreadable content.",
  ["queue"],
  async (metric) => {
    for (const sources of reported) for (const queue of await withTimeout(sources.broken())) metric.set({ queue }, 1);
  },
  "max",
);

gauge(
  "quintet_queue_simple_bytes",
  "Size of the messages in the simple queue (push and pop), in bytes.",
  [],
  async (metric) => {
    for (const sources of reported) for (const bytes of await withTimeout(sources.simpleBytes())) metric.set(bytes);
  },
  "max",
);

/** Adds these queues to the metrics, until the result is disposed of. */
export function reportMetrics(deps: QueueDeps, simple: SimpleQueue): Disposable {
  const sources: Sources = {
    async named() {
      const { queues } = await listQueues(deps, { limit: maxQueues, after: undefined });
      const deadLetterQueues = new Set(queues.map(({ deadLetterQueue }) => deadLetterQueue));
      return queues.map(({ name, counts, moving }) => {
        const { ready, blocked, delayed, leased } = counts;
        return deadLetterQueues.has(name)
          ? { queue: name, ready: 0, blocked, delayed, leased, dead: ready, moving }
          : { queue: name, ready, blocked, delayed, leased, dead: 0, moving };
      });
    },
    async flow() {
      const { queues } = await listQueues(deps, { limit: maxQueues, after: undefined });
      return queues.map(({ name, flow }) => ({ queue: name, ...flow }));
    },
    async simple() {
      return [
        { queue: simpleName, ready: await simple.count(), blocked: 0, delayed: 0, leased: 0, dead: 0, moving: 0 },
      ];
    },
    simpleBytes: async () => [await simple.bytes()],
    broken: async () =>
      Object.keys(await deps.due.listBroken())
        .sort()
        .slice(0, maxQueues),
  };
  reported.add(sources);
  return { [Symbol.dispose]: () => reported.delete(sources) };
}

/** The values, or none when Redis fails or does not reply within a second: other metrics must not wait for it. */
function withTimeout<T>(read: Promise<T[]>): Promise<T[]> {
  return deadline(
    read.catch(() => []),
    timeoutMs,
    () => [],
  );
}
