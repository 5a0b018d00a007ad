import { flag, list, structure, text } from "../protocol/shapes.ts";
import { SqsError } from "../sqs-error.ts";

const maxEntries = 10;

/** The entries of a batch that failed. */
export const failedShape = list(
  "BatchResultErrorEntry",
  structure({ Id: text, SenderFault: flag, Code: text, Message: text }),
);

export interface FailedEntry {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

/** An entry whose id is valid. */
export type Identified<E> = E & { Id: string };

/** The entries of a batch, when there are 1 to 10 of them with different, valid ids. `kind` is how SQS names them. */
export function checkBatch<E extends { Id?: string | undefined }>(
  entries: E[] | undefined,
  kind: string,
): Identified<E>[] {
  if (entries === undefined || entries.length === 0) {
    throw new SqsError("EmptyBatchRequest", `There should be at least one ${kind} in the request.`);
  }
  if (entries.length > maxEntries) {
    const message = `Maximum number of entries per request are ${maxEntries}. You have sent ${entries.length}.`;
    throw new SqsError("TooManyEntriesInBatchRequest", message);
  }
  const seen = new Set<string>();
  for (const { Id = "" } of entries) {
    if (!/^[\w-]{1,80}$/.test(Id)) {
      throw new SqsError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    }
    if (seen.has(Id)) throw new SqsError("BatchEntryIdsNotDistinct", `Id ${Id} repeated.`);
    seen.add(Id);
  }
  return entries as Identified<E>[];
}

/** The results of the entries of a batch; an entry that throws an `SqsError` fails alone. */
export async function eachEntry<E, R>(
  entries: Identified<E>[],
  run: (entry: Identified<E>) => R | Promise<R>,
): Promise<{ done: R[]; failed: FailedEntry[] }> {
  const done: R[] = [];
  const failed: FailedEntry[] = [];
  const outcomes = await Promise.allSettled(entries.map(async (entry) => run(entry)));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") {
      done.push(outcome.value);
      continue;
    }
    const { reason } = outcome;
    if (!(reason instanceof SqsError)) throw reason;
    const { senderFault: SenderFault, queryCode: Code, message: Message } = reason;
    failed.push({ Id: entries[i]?.Id ?? "", SenderFault, Code, Message });
  }
  return { done, failed };
}
