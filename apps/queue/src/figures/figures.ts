import type { FigureCommands, RecordedFigures, StoredFigures } from "../commands/figure-commands.ts";
import type { Flow } from "../queues/flow.ts";
import type { QueueView } from "../queues/queues.ts";

/** The figures of a queue as of its last inspection, at most seconds after its last change. */
export interface Figures {
  name: string;
  ready: number;
  blocked: number;
  delayed: number;
  leased: number;
  /** Dead letters that stay in the queue itself. */
  dead: number;
  moving: number;
  /** All messages. */
  length: number;
  bytes: number;
  /** Now, of the message that has been available longest; null when none is. */
  oldestAgeSeconds: number | null;
  deadLetterQueue: string | null;
  flow: Flow;
  /** Ms since 1970. */
  createdAt: number;
}

/** Figures that were recorded longer ago than this are of a queue that is gone: the scan has refreshed all others. */
const maxAgeMs = 24 * 3_600_000;

/** How long figures that were read are used, so that one scrape reads them once. */
const reuseMs = 500;

const events = ["sent", "received", "acked", "expired", "purged", "movedIn", "movedOut"] as const;

/** The figures of a queue in their stored form, and its sample for the rates. */
export function toRecorded(view: QueueView): RecordedFigures {
  const { name, counts, moving, flow, deadLetterQueue, bytes, oldestAgeSeconds, createdAt } = view;
  const { ready, blocked, delayed, leased, dead, length } = counts;
  const numbers = [ready, blocked, delayed, leased, dead, moving, length, bytes, oldestAgeSeconds];
  const counters = events.map((event) => flow[event]);
  const figures = JSON.stringify([...numbers, deadLetterQueue, ...counters, Date.parse(createdAt)]);
  return { name, found: { figures, sample: [flow.sent + flow.movedIn, flow.received, flow.acked, length] } };
}

function fromStored({ name, ageMs, figures }: StoredFigures): Figures {
  const values = JSON.parse(figures);
  const [ready, blocked, delayed, leased, dead, moving, length, bytes, oldestAge, deadLetterQueue, ...flow] = values;
  return {
    ...{ name, ready, blocked, delayed, leased, dead, moving, length, bytes },
    oldestAgeSeconds: oldestAge === null ? null : oldestAge + ageMs / 1000,
    deadLetterQueue,
    flow: Object.fromEntries(events.map((event, i) => [event, flow[i]])) as unknown as Flow,
    createdAt: flow[events.length] ?? 0,
  };
}

/**
 * Reads the figures of all queues, those that need attention first. Ready messages of a dead-letter queue count as dead. Readers within
 * half a second share one reading.
 */
export function figuresReader(commands: FigureCommands): () => Promise<Figures[]> {
  let last: { at: number; figures: Promise<Figures[]> } | undefined;
  return () => {
    const at = performance.now();
    if (last === undefined || at - last.at > reuseMs) {
      const figures = commands
        .readAll()
        .then((stored) => stored.filter(({ ageMs }) => ageMs < maxAgeMs).map(fromStored))
        .then((all) => withDeadLetters(all).sort(byAttention));
      last = { at, figures };
    }
    return last.figures;
  };
}

function withDeadLetters(all: Figures[]): Figures[] {
  const deadLetterQueues = new Set(all.map(({ deadLetterQueue }) => deadLetterQueue));
  return all.map((one) => {
    return deadLetterQueues.has(one.name) ? { ...one, ready: 0, dead: one.dead + one.ready } : one;
  });
}

/** Orders queues: those with dead letters first, then by the age of their oldest message, then by name. */
function byAttention(a: Figures, b: Figures): number {
  const dead = Number(b.dead > 0) - Number(a.dead > 0);
  const age = (b.oldestAgeSeconds ?? -1) - (a.oldestAgeSeconds ?? -1);
  return dead || age || (a.name < b.name ? -1 : 1);
}
