import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { openSqs } from "./sqs-server.ts";

const sqs = await openSqs();
afterAll(() => sqs[Symbol.asyncDispose]());
const client = await sqs.client();

const newQueue = async () => {
  const { name, counts } = await sqs.queue.makeQueue({});
  return { QueueUrl: `${sqs.endpoint}/000000000000/${name}`, counts };
};

describe("the SDK", () => {
  test("sends, receives and deletes messages with attributes", async () => {
    const { QueueUrl, counts } = await newQueue();
    const MessageAttributes = {
      count: { DataType: "Number.int", StringValue: "17" },
      bytes: { DataType: "Binary", BinaryValue: Buffer.from([0, 1, 255]) },
      text: { DataType: "String", StringValue: "ä 🧀" },
    };
    const MessageBody = 'a "text" with ä and 🧀\r\n\t';
    const sent = await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
    const { Messages } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] }),
    );
    expect(Messages).toMatchObject([
      { MessageId: sent.MessageId, Body: MessageBody, MD5OfMessageAttributes: sent.MD5OfMessageAttributes },
    ]);
    expect(Messages?.[0]?.MessageAttributes?.text).toEqual(MessageAttributes.text);
    expect(Buffer.from(Messages?.[0]?.MessageAttributes?.bytes?.BinaryValue ?? [])).toEqual(Buffer.from([0, 1, 255]));
    expect(Messages?.[0]?.Attributes).toMatchObject({ ApproximateReceiveCount: "1" });
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
    expect(await counts()).toMatchObject({ length: 0 });
  });

  test("batches", async () => {
    const { QueueUrl, counts } = await newQueue();
    const Entries = ["a", "b", "c"].map((Id) => ({ Id, MessageBody: `body ${Id}` }));
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["a", "b", "c"]);
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages.map(({ Body }) => Body)).toEqual(["body a", "body b", "body c"]);
    const handles = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    const changed = await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: handles.map((one, i) => ({ ...one, VisibilityTimeout: i === 0 ? 0 : 60 })),
      }),
    );
    expect(changed.Successful).toHaveLength(3);
    expect(await counts()).toMatchObject({ ready: 1, leased: 2 });
    const deleted = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: [...handles.slice(1), { Id: "x", ReceiptHandle: "nonsense" }],
      }),
    );
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(["1", "2"]);
    expect(deleted.Failed).toMatchObject([{ Id: "x", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
    expect(await counts()).toMatchObject({ ready: 1, length: 1 });
  });

  test("an unknown queue, an invalid handle and an invalid number are errors of SQS", async () => {
    const { QueueUrl } = await newQueue();
    const missing = client.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}-x`, MessageBody: "x" }));
    await expect(missing).rejects.toMatchObject({
      name: "QueueDoesNotExist",
      Code: "AWS.SimpleQueueService.NonExistentQueue",
      $metadata: { httpStatusCode: 400 },
    });
    const change = { QueueUrl, ReceiptHandle: "nonsense", VisibilityTimeout: 1 };
    await expect(client.send(new ChangeMessageVisibilityCommand(change))).rejects.toMatchObject({
      name: "ReceiptHandleIsInvalid",
    });
    const eleven = client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 }));
    await expect(eleven).rejects.toMatchObject({ Code: "InvalidParameterValue" });
  });
});
