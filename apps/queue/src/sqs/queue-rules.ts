import { LRUCache } from "lru-cache";
import type { SqsCommands } from "../commands/sqs-commands.ts";
import { isFifoQueue } from "../queues/settings.ts";

/** The fields of a queue's settings that only the SQS protocol looks at: its own attributes and tags, each under its name. */
export const attributeField = (name: string) => `sqs:${name}`;
export const tagField = (key: string) => `tag:${key}`;
export const tagOf = (field: string) => (field.startsWith("tag:") ? field.slice(4) : undefined);

/** How long a process may go by the rules of before a change elsewhere, in ms; AWS allows a minute. */
const cacheMs = 1000;
const maxCached = 10_000;

export const largestMessageBytes = 1_048_576;

/** What a queue demands of SQS clients, beside what its commands check. */
export interface QueueRules {
  /** Whether it is a FIFO queue. */
  isFifo: boolean;
  maxMessageBytes: number;
  /** How long a receive waits that does not say. */
  waitSeconds: number;
  /** Whether the SHA-256 digest of the body is the deduplication id of a message without one. */
  dedupeByContent: boolean;
  /** Whether a deduplication id counts within its group only. */
  dedupeInGroup: boolean;
}

/** The rules of queues, read again after a second. */
export interface RulesOfQueues {
  /** `undefined` when the queue does not exist. */
  of(queue: string): Promise<QueueRules | undefined>;
  /** Forgets what is known, after a change by this process. */
  forget(queue: string): void;
}

const fields = [
  attributeField("MaximumMessageSize"),
  attributeField("ReceiveMessageWaitTimeSeconds"),
  "dedupeByContent",
  attributeField("DeduplicationScope"),
];

export function rulesOfQueues(commands: SqsCommands): RulesOfQueues {
  const known = new LRUCache<string, QueueRules>({ max: maxCached, ttl: cacheMs });
  return {
    async of(queue) {
      const cached = known.get(queue);
      if (cached) return cached;
      const found = await commands.fields(queue, fields);
      if (!found) return undefined;
      const [size, wait, byContent, scope] = found;
      const rules = {
        isFifo: isFifoQueue(queue),
        maxMessageBytes: Number(size ?? largestMessageBytes),
        waitSeconds: Number(wait ?? 0),
        dedupeByContent: byContent === "1",
        dedupeInGroup: scope === "messageGroup",
      };
      known.set(queue, rules);
      return rules;
    },
    forget: (queue) => void known.delete(queue),
  };
}
