import { type ReceivedMessage, receive } from "../../messages/receive.ts";
import { nameInUrl } from "../addresses.ts";
import { required, within } from "../inputs.ts";
import { attributesShape, selectAttributes, storedAttributes, toSqsAttributes } from "../message-attributes.ts";
import { md5, md5OfAttributes } from "../message-digests.ts";
import { integer, list, map, structure, text } from "../protocol/shapes.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { action } from "./action.ts";

const names = list("AttributeName", text);

export const ReceiveMessage = action(
  {
    QueueUrl: text,
    AttributeNames: names,
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
  async ({ deps, commands, signal, beginWaiting }, input) => {
    const queue = nameInUrl(required("QueueUrl", input.QueueUrl));
    const { MaxNumberOfMessages: max, VisibilityTimeout: visibilitySeconds, WaitTimeSeconds: waitSeconds } = input;
    within("MaxNumberOfMessages", max, [1, 10], "Must be between 1 and 10, if provided.");
    within("VisibilityTimeout", visibilitySeconds, [0, 43_200], "Must be >= 0 and <= 43200, if provided.");
    within("WaitTimeSeconds", waitSeconds, [0, 20], "Must be >= 0 and <= 20, if provided.");
    const rules = await deps.sqs.rules.of(queue);
    if (!rules) throw nonExistentQueue();
    const found = await receive(
      { ...deps, commands },
      queue,
      { max: max ?? 1, waitSeconds: waitSeconds ?? rules.waitSeconds, visibilitySeconds },
      { signal, beginWaiting },
    );
    const systemNames = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
    const messages = found.map((one) => toMessage(one, systemNames, input.MessageAttributeNames ?? []));
    // Left out rather than empty, as AWS does.
    return messages.length === 0 ? {} : { Messages: messages };
  },
);

function toMessage(received: ReceivedMessage, systemNames: string[], attributeNames: string[]) {
  const body = bodyOf(received.payload);
  const { user, trace } = storedAttributes(received.attributes);
  const selected = selectAttributes(user, attributeNames);
  const system = selectSystem(systemAttributes(received, trace), systemNames);
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

function systemAttributes(received: ReceivedMessage, trace: string | undefined): Record<string, string | undefined> {
  return {
    SentTimestamp: String(Date.parse(received.sentAt)),
    ApproximateReceiveCount: String(received.receives),
    MessageGroupId: received.groupId ?? undefined,
    AWSTraceHeader: trace,
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
