import { hash, randomUUID } from "node:crypto";
import type { SentMessage } from "../../commands/queue-commands.ts";
import type { Attributes } from "../../messages/packed.ts";
import { pack } from "../../messages/packed.ts";
import { nameInUrl } from "../addresses.ts";
import { idInGroup, sequenceNumber } from "../fifo.ts";
import { invalidParameter, required, within } from "../inputs.ts";
import {
  attributesShape,
  checkContents,
  messageBytes,
  readAttributes,
  systemAttributesOf,
  systemAttributesShape,
  userAttributesOf,
} from "../message-attributes.ts";
import { md5, md5OfAttributes } from "../message-digests.ts";
import { integer, list, structure, text, type ValueOf } from "../protocol/shapes.ts";
import type { QueueRules } from "../queue-rules.ts";
import { SqsError } from "../sqs-error.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { type ActionContext, action } from "./action.ts";
import { checkBatch, eachEntry, failedShape } from "./batches.ts";

const maxBatchBytes = 1_048_576;
const maxDelaySeconds = 900;

const message = {
  MessageBody: text,
  DelaySeconds: integer,
  MessageAttributes: attributesShape,
  MessageSystemAttributes: systemAttributesShape,
  MessageDeduplicationId: text,
  MessageGroupId: text,
};
const messageShape = structure(message);
type MessageInput = ValueOf<typeof messageShape>;

/** The digests and the id by which a sender checks what has arrived. */
const sent = {
  MessageId: text,
  MD5OfMessageBody: text,
  MD5OfMessageAttributes: text,
  MD5OfMessageSystemAttributes: text,
  SequenceNumber: text,
};
const sentShape = structure({ Id: text, ...sent });

export const SendMessage = action({ QueueUrl: text, ...message }, sent, async (context, { QueueUrl, ...input }) => {
  const queue = nameInUrl(required("QueueUrl", QueueUrl));
  const prepared = prepare(input, await rulesOf(context, queue));
  const [result] = await send(context, queue, [prepared]);
  return resultOf(queue, prepared, result);
});

export const SendMessageBatch = action(
  {
    QueueUrl: text,
    Entries: list("SendMessageBatchRequestEntry", structure({ Id: text, ...message })),
  },
  { Successful: list("SendMessageBatchResultEntry", sentShape), Failed: failedShape },
  async (context, { QueueUrl, Entries }) => {
    const queue = nameInUrl(required("QueueUrl", QueueUrl));
    const rules = await rulesOf(context, queue);
    const entries = checkBatch(Entries, "SendMessageBatchRequestEntry");
    if (rules.isFifo) checkGroups(entries, rules);
    const { done, failed } = await eachEntry(entries, (entry) => ({ Id: entry.Id, prepared: prepare(entry, rules) }));
    const bytes = done.reduce((sum, { prepared }) => sum + prepared.bytes, 0);
    if (bytes > maxBatchBytes) {
      const text = `Batch requests cannot be longer than ${maxBatchBytes} bytes. You have sent ${bytes} bytes.`;
      throw new SqsError("BatchRequestTooLong", text);
    }
    const results =
      done.length === 0
        ? []
        : await send(
            context,
            queue,
            done.map(({ prepared }) => prepared),
          );
    const Successful = done.map(({ Id, prepared }, i) => ({ Id, ...resultOf(queue, prepared, results[i]) }));
    return { Successful, Failed: failed };
  },
);

interface Prepared {
  body: string;
  attributes: Attributes;
  bytes: number;
  delaySeconds: number | undefined;
  dedupeId: string;
  groupId: string;
  tenantId: string;
}

/** What is missing in one entry of a FIFO queue fails the whole batch. */
function checkGroups(entries: MessageInput[], { dedupeByContent }: QueueRules): void {
  const fail = (message: string) => new SqsError("InvalidParameterValue", message);
  if (entries.some(({ MessageGroupId }) => !MessageGroupId)) {
    throw fail("The request must contain the parameter MessageGroupId.");
  }
  if (!dedupeByContent && entries.some(({ MessageDeduplicationId }) => !MessageDeduplicationId)) {
    throw fail(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  }
}

async function rulesOf({ deps }: ActionContext, queue: string): Promise<QueueRules> {
  const rules = await deps.sqs.rules.of(queue);
  if (!rules) throw nonExistentQueue();
  return rules;
}

/** A message whose content is valid. Throws an `SqsError` otherwise. */
function prepare(input: MessageInput, rules: QueueRules): Prepared {
  const body = required("MessageBody", input.MessageBody);
  checkContents(body);
  const attributes = readAttributes(input.MessageAttributes, input.MessageSystemAttributes);
  const range = `DelaySeconds must be >= 0 and <= ${maxDelaySeconds}.`;
  within("DelaySeconds", input.DelaySeconds, [0, maxDelaySeconds], range);
  checkTag("MessageDeduplicationId", input.MessageDeduplicationId);
  checkTag("MessageGroupId", input.MessageGroupId);
  const bytes = messageBytes(body, userAttributesOf(attributes));
  if (bytes > rules.maxMessageBytes) {
    const reason = `Message must be shorter than ${rules.maxMessageBytes} bytes.`;
    throw new SqsError("InvalidParameterValue", `One or more parameters are invalid. Reason: ${reason}`);
  }
  return {
    body,
    attributes,
    bytes,
    delaySeconds: input.DelaySeconds,
    ...(rules.isFifo ? inGroup(input, body, rules) : ofTenant(input)),
  };
}

const otherType = "The request include parameter that is not valid for this queue type.";

/** Where a message belongs in a FIFO queue. */
function inGroup(
  input: MessageInput,
  body: string,
  rules: QueueRules,
): Pick<Prepared, "dedupeId" | "groupId" | "tenantId"> {
  const { DelaySeconds, MessageDeduplicationId, MessageGroupId } = input;
  if (DelaySeconds) throw invalidParameter("DelaySeconds", DelaySeconds, otherType);
  const groupId = required("MessageGroupId", MessageGroupId);
  if (MessageDeduplicationId === undefined && !rules.dedupeByContent) {
    const message =
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
    throw new SqsError("InvalidParameterValue", message);
  }
  const id = MessageDeduplicationId ?? hash("sha256", body, "hex");
  return { groupId, tenantId: "", dedupeId: rules.dedupeInGroup ? idInGroup(groupId, id) : id };
}

/** A group in a standard queue is whom a message belongs to, for fairness. */
function ofTenant({
  MessageDeduplicationId: id,
  MessageGroupId,
}: MessageInput): Pick<Prepared, "dedupeId" | "groupId" | "tenantId"> {
  if (id !== undefined) throw invalidParameter("MessageDeduplicationId", id, otherType);
  return { dedupeId: "", groupId: "", tenantId: MessageGroupId ?? "" };
}

function checkTag(name: string, value: string | undefined): void {
  if (value === undefined || /^[\x21-\x7e]{1,128}$/.test(value)) return;
  throw invalidParameter(
    name,
    value,
    `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

async function send({ commands, deps }: ActionContext, queue: string, messages: Prepared[]): Promise<SentMessage[]> {
  const sending = commands.send(
    queue,
    messages.map(({ body, attributes, delaySeconds, dedupeId, groupId, tenantId }) => ({
      id: randomUUID(),
      payload: pack(attributes, JSON.stringify(body)),
      delayMs: delaySeconds === undefined ? undefined : delaySeconds * 1000,
      dedupeId,
      groupId,
      tenantId,
      priority: 0,
    })),
  );
  deps.waiting.serve(queue);
  const results = await sending;
  if (results === undefined) throw nonExistentQueue();
  if (typeof results === "string") throw new SqsError("OverLimit", "The queue is full.");
  return results;
}

function resultOf(queue: string, { body, attributes }: Prepared, sent: SentMessage | undefined) {
  return {
    MessageId: sent?.id ?? "",
    MD5OfMessageBody: md5(body),
    MD5OfMessageAttributes: md5OfAttributes(userAttributesOf(attributes)),
    MD5OfMessageSystemAttributes: md5OfAttributes(systemAttributesOf(attributes)),
    SequenceNumber: sequenceNumber(queue, sent?.number),
  };
}
