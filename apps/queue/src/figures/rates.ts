import { type FigureCommands, keptMinutes, type StoredSample } from "../commands/figure-commands.ts";

/** What happened in a queue within one minute. */
export interface MinuteOfQueue {
  /** When the minute began; ISO 8601. */
  at: string;
  /** Messages that entered the queue: sent, or moved in from another. */
  sent: number;
  received: number;
  acked: number;
  /** Messages in the queue at the end of the minute. */
  length: number;
}

/**
 * The last 60 minutes of queues, the current one last. Empty for a queue without samples. Minutes before the first known one are absent;
 * the first is known only by its end, unless the queue was created in it (`createdAt`, ms).
 */
export async function ratesOf(
  commands: FigureCommands,
  queues: { name: string; createdAt: number }[],
): Promise<MinuteOfQueue[][]> {
  const { minute, samples } = await commands.readSamples(queues.map(({ name }) => name));
  return samples.map((one, i) => minutesOf(one, minute, Math.floor((queues[i]?.createdAt ?? 0) / 60_000)));
}

/** The minutes from the samples of one queue, of which only minutes with a change have one. */
export function minutesOf(samples: StoredSample[], now: number, createdIn: number): MinuteOfQueue[] {
  const [first] = samples;
  if (first === undefined) return [];
  const start = now - keptMinutes + 1;
  // A queue begins with zeros; of one that is older than its samples, nobody knows what happened before them.
  const isYoung = createdIn >= start && createdIn <= first[0];
  let [, ...known] = isYoung ? [0, 0, 0, 0, 0] : first;
  const from = Math.max(start, isYoung ? createdIn : first[0] + 1);
  const byMinute = new Map(samples.map(([minute, ...values]) => [minute, values]));
  for (const [minute, ...values] of samples) if (minute < from) known = values;
  const minutes: MinuteOfQueue[] = [];
  for (let minute = from; minute <= now; minute++) {
    const values = byMinute.get(minute) ?? known;
    // Counters that went down are those of a new queue with the same name.
    const [sent = 0, received = 0, acked = 0] = values.map((value, i) => Math.max(0, value - (known[i] ?? 0)));
    minutes.push({ at: new Date(minute * 60_000).toISOString(), sent, received, acked, length: values[3] ?? 0 });
    known = values;
  }
  return minutes;
}
