import { deadline, gauge } from "@quintet/http";
import type { DueCommands } from "./commands/due-commands.ts";
import type { FigureCommands } from "./commands/figure-commands.ts";
import type { SimpleQueue } from "./commands/simple-commands.ts";
import type { Figures } from "./figures/figures.ts";
import { simpleName } from "./keys.ts";
import type { PushDeps } from "./push.ts";
import type { WebhookFigures } from "./webhooks/pumps.ts";

const timeoutMs = 1000;
const maxBroken = 100;

/** What the metrics of one app are made of; each is read, and fails, on its own. */
interface Sources {
  /** All queues; those that need attention first. */
  figures(): Promise<Figures[]>;
  simple(): Promise<number>;
  simpleBytes(): Promise<number>;
  broken(): Promise<string[]>;
  /** How many schedules there are, and for how long the first one that is due has been so, in seconds. */
  schedules(): Promise<{ count: number; overdueSeconds: number }>;
  webhooks(): WebhookFigures;
  /** How many queues have metrics of their own. */
  maxQueues: number;
}

const reported = new Set<Sources>();

/** Defines a gauge whose values are read from each app. All processes see the same queues, so the max of them is shown. */
function queueGauge<L extends string>(
  name: string,
  help: string,
  labels: readonly L[],
  collect: (sources: Sources, set: (labels: Partial<Record<L, string>>, value: number) => void) => Promise<void>,
): void {
  gauge(
    name,
    help,
    labels,
    async (metric) => {
      const set = (of: Partial<Record<L, string>>, value: number) => metric.set(of, value);
      for (const sources of reported) await inTime(collect(sources, set));
    },
    "max",
  );
}

/** Ends without a value when Redis fails or does not reply within a second: other metrics must not wait for it. */
async function inTime(read: Promise<void>): Promise<void> {
  await deadline(
    read.catch(() => {}),
    timeoutMs,
    () => {},
  );
}

const states = ["ready", "blocked", "delayed", "leased", "dead", "moving"] as const;

/** Sums of a number over all queues, by its name. */
function sums<K extends string>(figures: Figures[], names: readonly K[], of: (one: Figures) => Record<K, number>) {
  return names.map((name) => [name, figures.reduce((sum, one) => sum + of(one)[name], 0)] as const);
}

queueGauge(
  "quintet_queue_messages",
  "Messages in a queue: ready, blocked behind another of their group, delayed, leased, dead, or moving to another queue.",
  ["queue", "state"],
  async ({ figures, maxQueues, simple }, set) => {
    const named = (await figures()).slice(0, maxQueues);
    for (const one of named) for (const state of states) set({ queue: one.name, state }, one[state]);
    const ready = await simple();
    for (const state of states) set({ queue: simpleName, state }, state === "ready" ? ready : 0);
  },
);

queueGauge(
  "quintet_queue_flow",
  "Messages of a queue since it was created: sent, received, acked, expired, purged, moved in and out.",
  ["queue", "event"],
  async ({ figures, maxQueues }, set) => {
    for (const { name, flow } of (await figures()).slice(0, maxQueues)) {
      for (const [event, number] of Object.entries(flow)) set({ queue: name, event }, number);
    }
  },
);

queueGauge(
  "quintet_queue_oldest_age_seconds",
  "How long the oldest message that can be received has been available, in seconds; absent without one.",
  ["queue"],
  async ({ figures, maxQueues }, set) => {
    for (const { name, oldestAgeSeconds } of (await figures()).slice(0, maxQueues)) {
      if (oldestAgeSeconds !== null) set({ queue: name }, oldestAgeSeconds);
    }
  },
);

queueGauge("quintet_queue_bytes", "Size of the messages in a queue, in bytes.", ["queue"], async (sources, set) => {
  for (const { name, bytes } of (await sources.figures()).slice(0, sources.maxQueues)) set({ queue: name }, bytes);
});

queueGauge("quintet_queue_all", "Number of named queues.", [], async ({ figures }, set) => {
  set({}, (await figures()).length);
});

queueGauge("quintet_queue_all_messages", "Messages in all named queues, by state.", ["state"], async (sources, set) => {
  for (const [state, sum] of sums(await sources.figures(), states, (one) => one)) set({ state }, sum);
});

queueGauge(
  "quintet_queue_all_flow",
  "Messages of all named queues that exist, since each was created, by event.",
  ["event"],
  async ({ figures }, set) => {
    const events = ["sent", "received", "acked", "expired", "purged", "movedIn", "movedOut"] as const;
    for (const [event, sum] of sums(await figures(), events, ({ flow }) => flow)) set({ event }, sum);
  },
);

queueGauge(
  "quintet_queue_broken",
  "1 for a queue that is broken: its keys have the wrong type or unreadable content.",
  ["queue"],
  async ({ broken }, set) => {
    for (const queue of await broken()) set({ queue }, 1);
  },
);

queueGauge(
  "quintet_queue_simple_bytes",
  "Size of the messages in the simple queue (push and pop), in bytes.",
  [],
  async ({ simpleBytes }, set) => set({}, await simpleBytes()),
);

queueGauge("quintet_queue_schedules", "Number of schedules.", [], async ({ schedules }, set) => {
  set({}, (await schedules()).count);
});

queueGauge(
  "quintet_queue_schedule_overdue_seconds",
  "How long the schedule that is due longest has been due without its message being sent, in seconds.",
  [],
  async ({ schedules }, set) => set({}, (await schedules()).overdueSeconds),
);

queueGauge(
  "quintet_queue_webhooks",
  "Webhooks: active, failing since their last delivery, or stopped.",
  ["status"],
  async ({ webhooks }, set) => {
    const figures = webhooks();
    for (const status of ["active", "failing", "stopped"] as const) set({ status }, figures[status]);
  },
);

queueGauge(
  "quintet_queue_webhook_failures",
  "Failed deliveries in a row of the webhook of a queue that has most; absent without any.",
  ["queue"],
  async ({ webhooks, maxQueues }, set) => {
    const most = [...webhooks().failures].sort(([, a], [, b]) => b - a).slice(0, maxQueues);
    for (const [queue, failures] of most) set({ queue }, failures);
  },
);

interface MetricDeps extends Pick<PushDeps, "schedules" | "webhookFigures"> {
  simple: SimpleQueue;
  due: DueCommands;
  figures: FigureCommands;
  readFigures(): Promise<Figures[]>;
}

/** Adds these queues to the metrics, until the result is disposed of. At most `maxQueues` have metrics of their own. */
export function reportMetrics(deps: MetricDeps, { maxQueues }: { maxQueues: number }): Disposable {
  const { simple, due, figures, readFigures, schedules, webhookFigures } = deps;
  let isComplete = false;
  const sources: Sources = {
    maxQueues,
    async figures() {
      const all = await readFigures();
      if (!isComplete) {
        isComplete = true;
        // After an upgrade from a version without figures, the scan makes them.
        if ((await figures.countQueues()) > all.length) await due.resumeScan();
      }
      return all;
    },
    simple: () => simple.count(),
    simpleBytes: () => simple.bytes(),
    broken: async () =>
      Object.keys(await due.listBroken())
        .sort()
        .slice(0, maxBroken),
    async schedules() {
      const [{ count, firstDue }, now] = await Promise.all([schedules.overview(), schedules.now()]);
      return { count, overdueSeconds: firstDue === undefined ? 0 : Math.max(0, now - firstDue) / 1000 };
    },
    webhooks: webhookFigures,
  };
  reported.add(sources);
  return { [Symbol.dispose]: () => reported.delete(sources) };
}
