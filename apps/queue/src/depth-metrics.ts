import { gauge } from "@quintet/http";
import type { SimpleCommands } from "./commands/simple-commands.ts";
import { listQueues, type QueueDeps } from "./queues.ts";

/** So many queues are told of, the first ones by name. */
const mostNamed = 100;
const longestMs = 1000;

/** The queue of push and pop, by a name that no named queue can have. */
const simpleName = "(push and pop)";

type Depths = { queue: string; ready: number; blocked: number; delayed: number; leased: number; dead: number }[];
type Read = () => Promise<Depths>;

const open = new Set<Read>();

gauge(
  "quintet_queue_messages",
  "Messages in a queue: ready, blocked behind another of their group, delayed, leased, or dead when it is a dead-letter queue.",
  ["queue", "state"],
  async (made) => {
    for (const read of open) {
      for (const { queue, ...counts } of await soon(read())) {
        for (const [state, count] of Object.entries(counts)) made.inc({ queue, state }, count);
      }
    }
  },
  // All processes see the same queues.
  "max",
);

/** Tells of the queues from now on; disposing of the result ends that. */
export function watchDepths(deps: QueueDeps, simple: SimpleCommands): Disposable {
  const read: Read = async () => {
    const [{ queues }, waiting] = await Promise.all([
      listQueues(deps, { limit: mostNamed, after: undefined }),
      simple.count(),
    ]);
    const deadLetterQueues = new Set(queues.map(({ deadLetterQueue }) => deadLetterQueue));
    const depths = queues.map(({ name, counts }) => {
      const { ready, blocked, delayed, leased } = counts;
      return deadLetterQueues.has(name)
        ? { queue: name, ready: 0, blocked, delayed, leased, dead: ready }
        : { queue: name, ready, blocked, delayed, leased, dead: 0 };
    });
    return [...depths, { queue: simpleName, ready: waiting, blocked: 0, delayed: 0, leased: 0, dead: 0 }];
  };
  open.add(read);
  return { [Symbol.dispose]: () => open.delete(read) };
}

/** Nothing when Redis does not answer within a second: the other metrics are not kept waiting. */
async function soon(depths: Promise<Depths>): Promise<Depths> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Depths>((resolve) => {
    timer = setTimeout(resolve, longestMs, []);
  });
  return Promise.race([depths.catch(() => []), late]).finally(() => clearTimeout(timer));
}
