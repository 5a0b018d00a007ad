import { type ReceivedMessage, receive } from "../../messages/receive.ts";
import { accountNumber, nameInUrl, queueArn } from "../addresses.ts";
import { idOfSender, sequenceNumber } from "../fifo.ts";
import { invalidParameter, required, within } from "../inputs.ts";
import { attributesShape, selectAttributes, storedAttributes, toSqsAttributes } from "../message-attributes.ts";
import { md5, md5OfAttributes } from "../message-digests.ts";
import { integer, list, map, structure, text } from "../protocol/shapes.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { type ActionContext, action } from "./action.ts";

export const ReceiveMessage = action(
  {
    QueueUrl: text,
    AttributeNames: list("AttributeName", text),
    MessageSystemAttributeNames: list("MessageSystemAttributeName", text),
    MessageAttributeNames: list("MessageAttributeName", text),
    MaxNumberOfMessages: integer,
    VisibilityTimeout: integer,
    WaitTimeSeconds: integer,
    ReceiveRequestAttemptId: text,
  },
  {
    Messages: list(
      "Message",
      structure({
        MessageId: text,
        ReceiptHandle: text,
        MD5OfBody: text,
        Body: text,
        Attributes: map(["Attribute", "Name", "Value"], text),
        MD5OfMessageAttributes: text,
        MessageAttributes: attributesShape,
      }),
    ),
  },
  async (context, input) => {
    const { deps, commands, signal, beginWaiting } = context;
    const queue = nameInUrl(required("QueueUrl", input.QueueUrl));
    const { MaxNumberOfMessages: max, VisibilityTimeout: visibilitySeconds, WaitTimeSeconds: waitSeconds } = input;
    within("MaxNumberOfMessages", max, [1, 10], "Must be between 1 and 10, if provided.");
    within("VisibilityTimeout", visibilitySeconds, [0, 43_200], "Must be >= 0 and <= 43200, if provided.");
    checkAttempt(input.ReceiveRequestAttemptId);
    within("WaitTimeSeconds", waitSeconds, [0, 20], "Must be >= 0 and <= 20, if provided.");
    const rules = await deps.sqs.rules.of(queue);
    if (!rules) throw nonExistentQueue();
    const found = await receive(
      { ...deps, commands },
      queue,
      {
        ...{ max: max ?? 1, waitSeconds: waitSeconds ?? rules.waitSeconds, visibilitySeconds },
        attemptId: input.ReceiveRequestAttemptId,
      },
      { signal, beginWaiting },
    );
    const systemNames = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
    const messages = found.map((one) => toMessage(context, queue, one, systemNames, input.MessageAttributeNames ?? []));
    // Left out rather than empty, as AWS does.
    return messages.length === 0 ? {} : { Messages: messages };
  },
);

function checkAttempt(id: string | undefined): void {
  if (id === undefined || /^[\x21-\x7e]{1,128}$/.test(id)) return;
  const reason =
    "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.";
  throw invalidParameter("ReceiveRequestAttemptId", id, reason);
}

function toMessage(
  context: ActionContext,
  queue: string,
  received: ReceivedMessage,
  systemNames: string[],
  attributeNames: string[],
) {
  const body = bodyOf(received.payload);
  const { user, trace } = storedAttributes(received.attributes);
  const selected = selectAttributes(user, attributeNames);
  const system = selectSystem(systemAttributes(context, queue, received, trace), systemNames);
  return {
    MessageId: received.id,
    ReceiptHandle: received.receipt,
    MD5OfBody: md5(body),
    Body: body,
    ...(Object.keys(system).length > 0 ? { Attributes: system } : {}),
    ...(Object.keys(selected).length > 0
      ? { MD5OfMessageAttributes: md5OfAttributes(selected), MessageAttributes: toSqsAttributes(selected) }
      : {}),
  };
}

/** The text of a body that is one, as SQS sends them; the JSON text of any other. */
function bodyOf(payload: string): string {
  return payload.startsWith('"') ? (JSON.parse(payload) as string) : payload;
}

function systemAttributes(
  { region }: ActionContext,
  queue: string,
  received: ReceivedMessage,
  trace: string | undefined,
): Record<string, string | undefined> {
  const { sender, dedupeId, deadLetterOf } = received;
  return {
    SenderId: sender === null ? undefined : accountNumber(sender),
    SentTimestamp: String(Date.parse(received.sentAt)),
    ApproximateReceiveCount: String(received.receives),
    ApproximateFirstReceiveTimestamp: String(Date.parse(received.firstReceivedAt)),
    SequenceNumber: sequenceNumber(queue, received.number),
    MessageDeduplicationId: dedupeId === null ? undefined : idOfSender(dedupeId),
    MessageGroupId: received.groupId ?? received.tenantId ?? undefined,
    AWSTraceHeader: trace,
    DeadLetterQueueSourceArn: deadLetterOf === null ? undefined : queueArn(region, undefined, deadLetterOf),
  };
}

function selectSystem(attributes: Record<string, string | undefined>, names: string[]): Record<string, string> {
  const all = names.includes("All");
  return Object.fromEntries(
    Object.entries(attributes).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && (all || names.includes(entry[0])),
    ),
  );
}
