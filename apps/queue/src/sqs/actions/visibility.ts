import type { CommandsOfCaller } from "../../commands/queue-commands.ts";
import { ack, extend, nack } from "../../messages/leases.ts";
import { deliveryOf, isReceipt } from "../../messages/receipts.ts";
import { isFifoQueue } from "../../queues/settings.ts";
import { nameInUrl } from "../addresses.ts";
import { invalidParameter, required, within } from "../inputs.ts";
import { integer, list, structure, text } from "../protocol/shapes.ts";
import { SqsError } from "../sqs-error.ts";
import { type ActionContext, action, command } from "./action.ts";
import { checkBatch, eachEntry, failedShape } from "./batches.ts";

const maxVisibilitySeconds = 43_200;
const idShape = structure({ Id: text });

export const DeleteMessage = command({ QueueUrl: text, ReceiptHandle: text }, (context, { QueueUrl, ReceiptHandle }) =>
  deleteOne(context, nameInUrl(required("QueueUrl", QueueUrl)), ReceiptHandle),
);

export const DeleteMessageBatch = action(
  {
    QueueUrl: text,
    Entries: list("DeleteMessageBatchRequestEntry", structure({ Id: text, ReceiptHandle: text })),
  },
  { Successful: list("DeleteMessageBatchResultEntry", idShape), Failed: failedShape },
  async (context, { QueueUrl, Entries }) => {
    const queue = nameInUrl(required("QueueUrl", QueueUrl));
    const entries = checkBatch(Entries, "DeleteMessageBatchRequestEntry");
    const { done, failed } = await eachEntry(entries, async ({ Id, ReceiptHandle }) => {
      await deleteOne(context, queue, ReceiptHandle);
      return { Id };
    });
    return { Successful: done, Failed: failed };
  },
);

export const ChangeMessageVisibility = command(
  { QueueUrl: text, ReceiptHandle: text, VisibilityTimeout: integer },
  (context, { QueueUrl, ...input }) => changeOne(context, nameInUrl(required("QueueUrl", QueueUrl)), input),
);

export const ChangeMessageVisibilityBatch = action(
  {
    QueueUrl: text,
    Entries: list(
      "ChangeMessageVisibilityBatchRequestEntry",
      structure({ Id: text, ReceiptHandle: text, VisibilityTimeout: integer }),
    ),
  },
  { Successful: list("ChangeMessageVisibilityBatchResultEntry", idShape), Failed: failedShape },
  async (context, { QueueUrl, Entries }) => {
    const queue = nameInUrl(required("QueueUrl", QueueUrl));
    const entries = checkBatch(Entries, "ChangeMessageVisibilityBatchRequestEntry");
    const { done, failed } = await eachEntry(entries, async ({ Id, ...entry }) => {
      await changeOne(context, queue, entry);
      return { Id };
    });
    return { Successful: done, Failed: failed };
  },
);

/**
 * Deletes a message. One that is gone is a success, as in AWS: a client may repeat the call. One that is there although its lease has ended
 * is a success in a standard queue, where it is received once more, and an error in a FIFO queue.
 */
async function deleteOne({ commands }: ActionContext, queue: string, handle: string | undefined): Promise<void> {
  const given = checkedHandle(handle);
  const [result] = await ack(commands, queue, [given]);
  if (result?.status === "ok" || !isFifoQueue(queue) || !(await isThere(commands, queue, given))) return;
  throw invalidParameter("ReceiptHandle", given, "The receipt handle has expired.");
}

/** Whether the message of a handle is still in the queue, in whatever state. */
async function isThere(commands: CommandsOfCaller, queue: string, handle: string): Promise<boolean> {
  const found = await commands.listMessages(
    queue,
    { set: "id", start: deliveryOf(handle).id },
    { max: 1, maxBodyBytes: 0 },
  );
  return (found?.messages.length ?? 0) > 0;
}

async function changeOne(
  { deps, commands }: ActionContext,
  queue: string,
  input: { ReceiptHandle?: string | undefined; VisibilityTimeout?: number | undefined },
): Promise<void> {
  const handle = checkedHandle(input.ReceiptHandle);
  const seconds = required("VisibilityTimeout", input.VisibilityTimeout);
  const range = `Must be between 0 and ${maxVisibilitySeconds}.`;
  within("VisibilityTimeout", seconds, [0, maxVisibilitySeconds], range);
  const [result] =
    seconds === 0
      ? await nack({ commands, transfers: deps.transfers }, queue, [handle], 0)
      : await extend(commands, queue, [handle], seconds);
  if (result?.status !== "ok") {
    const reason = "Message does not exist or is not available for visibility timeout change.";
    if (await isThere(commands, queue, handle)) throw new SqsError("MessageNotInflight", reason);
    throw invalidParameter("ReceiptHandle", handle, reason);
  }
}

function checkedHandle(handle: string | undefined): string {
  const given = required("ReceiptHandle", handle);
  if (isReceipt(given)) return given;
  throw new SqsError(
    "ReceiptHandleIsInvalid",
    `The input receipt handle "${given.slice(0, 200)}" is not a valid receipt handle.`,
  );
}
