import { createHash } from "node:crypto";
import {
  AddPermissionCommand,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  RemovePermissionCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { Producer } from "sqs-producer";
import { afterAll, describe, expect, test, vi } from "vitest";
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

test("sqs-producer and sqs-consumer work unchanged; what a handler rejects comes back", async () => {
  const { QueueUrl, counts } = await newQueue();
  const producer = Producer.create({ queueUrl: QueueUrl, sqs: client, batchSize: 10 });
  const bodies = Array.from({ length: 25 }, (_, i) => `message-${i}`);
  await producer.send(bodies);
  expect(await producer.queueSize()).toBe(25);
  const handled: string[] = [];
  let rejected = false;
  const consumer = Consumer.create({
    ...{
      queueUrl: QueueUrl,
      sqs: client,
      batchSize: 10,
      waitTimeSeconds: 1,
      visibilityTimeout: 30,
      heartbeatInterval: 10,
    },
    ...{ terminateVisibilityTimeout: true, messageAttributeNames: ["All"] },
    handleMessage: async (message) => {
      if (message.Body === "message-7" && !rejected) {
        rejected = true;
        throw new Error("not yet");
      }
      handled.push(message.Body ?? "");
      return message;
    },
  });
  const errors: Error[] = [];
  consumer.on("error", (error) => errors.push(error));
  consumer.on("processing_error", () => {});
  consumer.start();
  await vi.waitFor(() => expect(handled).toHaveLength(25), 10_000);
  await vi.waitFor(async () => expect(await counts()).toMatchObject({ length: 0 }), 20_000);
  consumer.stop({ abort: true });
  expect(handled.toSorted()).toEqual(bodies.toSorted());
  expect(errors).toEqual([]);
});

describe("queues", () => {
  const attributes = async (QueueUrl: string, ...AttributeNames: string[]) => {
    const found = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: AttributeNames as "All"[] }),
    );
    return found.Attributes ?? {};
  };
  const create = async (QueueName: string, Attributes: Record<string, string> = {}) => {
    const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl;
  };

  test("are created once, with their attributes and tags, and are those of the REST API", async () => {
    const Attributes = { VisibilityTimeout: "45", MaximumMessageSize: "2048", ReceiveMessageWaitTimeSeconds: "1" };
    const input = { QueueName: "made", Attributes, tags: { team: "shop" } };
    const { QueueUrl = "" } = await client.send(new CreateQueueCommand(input));
    const owner = String(sqs.queue.people.plain.account.id).padStart(12, "0");
    expect(QueueUrl).toBe(`${sqs.endpoint}/${owner}/made`);
    expect(await client.send(new CreateQueueCommand({ QueueName: "made" }))).toMatchObject({ QueueUrl });
    expect(await client.send(new CreateQueueCommand(input))).toMatchObject({ QueueUrl });
    expect(await client.send(new GetQueueUrlCommand({ QueueName: "made" }))).toMatchObject({ QueueUrl });
    await expect(create("made", { VisibilityTimeout: "46" })).rejects.toMatchObject({
      name: "QueueNameExists",
      Code: "QueueAlreadyExists",
      message: "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    });
    expect(await attributes(QueueUrl, "All")).toMatchObject({
      QueueArn: `arn:aws:sqs:eu-central-1:${owner}:made`,
      ...Attributes,
      DelaySeconds: "0",
      MessageRetentionPeriod: "345600",
      ApproximateNumberOfMessages: "0",
      CreatedTimestamp: expect.stringMatching(/^\d{10}$/),
    });
    expect(await attributes(QueueUrl)).toEqual({});
    expect(await client.send(new ListQueueTagsCommand({ QueueUrl }))).toMatchObject({ Tags: { team: "shop" } });
    const rest = await sqs.queue.request("GET", "/queue/queues/made");
    expect(rest.json()).toMatchObject({ visibilitySeconds: 45, owner: sqs.queue.people.plain.account.id });
    const large = client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x".repeat(2049) }));
    await expect(large).rejects.toMatchObject({ message: expect.stringContaining("shorter than 2048 bytes") });
    await client.send(new DeleteQueueCommand({ QueueUrl }));
    await expect(client.send(new GetQueueUrlCommand({ QueueName: "made" }))).rejects.toMatchObject({
      name: "QueueDoesNotExist",
    });
  });

  test("keep what SetQueueAttributes does not name, and are tagged", async () => {
    const QueueUrl = await create("changed", { VisibilityTimeout: "7", DelaySeconds: "3" });
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { DelaySeconds: "4" } }));
    expect(await attributes(QueueUrl, "VisibilityTimeout", "DelaySeconds")).toEqual({
      VisibilityTimeout: "7",
      DelaySeconds: "4",
    });
    for (const [Attributes, name] of [
      [{ DelaySeconds: "901" }, "InvalidAttributeValue"],
      [{ Nonsense: "1" }, "InvalidAttributeName"],
      [{ QueueArn: "1" }, "InvalidAttributeName"],
      [{ ContentBasedDeduplication: "true" }, "InvalidAttributeName"],
      [{ KmsMasterKeyId: "alias/aws/sqs" }, "InvalidAttributeValue"],
    ] as const) {
      const change = new SetQueueAttributesCommand({ QueueUrl, Attributes: Attributes as Record<string, string> });
      await expect(client.send(change)).rejects.toMatchObject({ name });
    }
    await client.send(new TagQueueCommand({ QueueUrl, Tags: { a: "1", b: "" } }));
    await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["a", "c"] }));
    expect(await client.send(new ListQueueTagsCommand({ QueueUrl }))).toMatchObject({ Tags: { b: "" } });
    await client.send(
      new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "x", DelaySeconds: 0 }] }),
    );
    expect(await attributes(QueueUrl, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "1" });
    await client.send(new PurgeQueueCommand({ QueueUrl }));
    expect(await attributes(QueueUrl, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "0" });
  });

  test("are listed by prefix and in pages", async () => {
    for (const name of ["list-a", "list-b", "list-c", "lisu"]) await create(name);
    const urls = async (input: object) => {
      const { QueueUrls = [], NextToken } = await client.send(new ListQueuesCommand(input));
      return { names: QueueUrls.map((url) => url.split("/").at(-1)), NextToken };
    };
    expect(await urls({ QueueNamePrefix: "list-" })).toEqual({ names: ["list-a", "list-b", "list-c"] });
    expect(await urls({ QueueNamePrefix: "nothing" })).toEqual({ names: [] });
    const first = await urls({ QueueNamePrefix: "list-", MaxResults: 2 });
    expect(first.names).toEqual(["list-a", "list-b"]);
    const second = await urls({ QueueNamePrefix: "list-", MaxResults: 2, NextToken: first.NextToken });
    expect(second).toEqual({ names: ["list-c"], NextToken: undefined });
    await expect(urls({ MaxResults: 2, NextToken: "x" })).rejects.toMatchObject({ Code: "InvalidParameterValue" });
  });

  test("send dead letters where their RedrivePolicy says, if that queue allows it", async () => {
    const dead = await create("dead");
    const { QueueArn: deadLetterTargetArn } = await attributes(dead, "QueueArn");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 });
    const QueueUrl = await create("source", { RedrivePolicy, VisibilityTimeout: "0" });
    expect(await create("source", { RedrivePolicy })).toBe(QueueUrl);
    expect(JSON.parse((await attributes(QueueUrl, "RedrivePolicy")).RedrivePolicy ?? "")).toEqual({
      deadLetterTargetArn,
      maxReceiveCount: 2,
    });
    const sources = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }));
    expect(sources.queueUrls).toEqual([QueueUrl]);
    const needed = client.send(new DeleteQueueCommand({ QueueUrl: dead }));
    await expect(needed).rejects.toMatchObject({ name: "UnsupportedOperation" });
    const { MessageId } = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "poison" }));
    for (let i = 0; i < 2; i++) {
      expect((await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toHaveLength(1);
    }
    expect((await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined();
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 5 }));
    expect(Messages).toMatchObject([{ MessageId, Body: "poison" }]);

    const other = await create("other-source");
    const set = (url: string, Attributes: object) =>
      client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: Attributes as Record<string, string> }));
    await set(dead, { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
    await expect(set(other, { RedrivePolicy })).rejects.toMatchObject({ Code: "InvalidParameterValue" });
    await set(dead, { RedriveAllowPolicy: "" });
    await set(other, { RedrivePolicy });
    await set(other, { RedrivePolicy: "" });
    expect(await attributes(other, "RedrivePolicy")).toEqual({});
    const nowhere = RedrivePolicy.replace(":dead", ":nowhere");
    for (const policy of [nowhere, "{}", "x", '{"deadLetterTargetArn":"dummy","maxReceiveCount":42}']) {
      await expect(set(other, { RedrivePolicy: policy })).rejects.toMatchObject({ Code: "InvalidParameterValue" });
    }
  });

  test("are shared by permissions", async () => {
    const QueueUrl = await create("shared");
    const { other } = sqs.queue.people;
    const stranger = await sqs.client(other);
    const send = () => stranger.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
    await expect(send()).rejects.toMatchObject({ Code: "AccessDenied", $metadata: { httpStatusCode: 403 } });
    const permission = {
      ...{ QueueUrl, Label: "friend", Actions: ["SendMessage"] },
      AWSAccountIds: [String(other.account.id).padStart(12, "0")],
    };
    await client.send(new AddPermissionCommand(permission));
    await send();
    const { Policy = "" } = await attributes(QueueUrl, "Policy");
    expect(JSON.parse(Policy)).toMatchObject({ Statement: [{ Sid: "friend", Action: "SQS:SendMessage" }] });
    await expect(client.send(new AddPermissionCommand(permission))).rejects.toMatchObject({
      message: /Already exists/,
    });
    await client.send(new RemovePermissionCommand({ QueueUrl, Label: "friend" }));
    await expect(send()).rejects.toMatchObject({ Code: "AccessDenied" });
    expect(await attributes(QueueUrl, "Policy")).toEqual({});
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await send();
    const conditional = Policy.replace('"Effect"', '"Condition":{},"Effect"');
    const refused = client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: conditional } }));
    await expect(refused).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  });
});

describe("FIFO queues", () => {
  const create = async (QueueName: string, Attributes: Record<string, string> = {}) => {
    const input = { QueueName, Attributes: { FifoQueue: "true", ...Attributes } };
    return (await client.send(new CreateQueueCommand(input))).QueueUrl ?? "";
  };
  const send = (QueueUrl: string, MessageBody: string, MessageGroupId: string, MessageDeduplicationId?: string) =>
    client.send(
      new SendMessageCommand({
        ...{ QueueUrl, MessageBody, MessageGroupId },
        ...(MessageDeduplicationId === undefined ? {} : { MessageDeduplicationId }),
      }),
    );
  const receive = async (QueueUrl: string, more: object = {}) => {
    const input = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All" as const], ...more };
    return (await client.send(new ReceiveMessageCommand(input))).Messages ?? [];
  };

  test("deliver several of a group in order, with their numbers, and no later one while they are in flight", async () => {
    const QueueUrl = await create("ordered.fifo", { ContentBasedDeduplication: "true" });
    const sent = [await send(QueueUrl, "1", "g"), await send(QueueUrl, "2", "g"), await send(QueueUrl, "3", "other")];
    const numbers = sent.map(({ SequenceNumber }) => SequenceNumber ?? "");
    expect(numbers.every((number) => /^\d{20}$/.test(number))).toBe(true);
    expect(numbers).toEqual(numbers.toSorted());
    const again = await send(QueueUrl, "1", "g");
    expect(again).toMatchObject({ MessageId: sent[0]?.MessageId, SequenceNumber: numbers[0] });
    const found = await receive(QueueUrl);
    expect(found.map(({ Body }) => Body).filter((body) => body !== "3")).toEqual(["1", "2"]);
    expect(found[0]?.Attributes).toMatchObject({
      MessageGroupId: "g",
      SequenceNumber: numbers[0],
      MessageDeduplicationId: createHash("sha256").update("1").digest("hex"),
      SenderId: String(sqs.queue.people.plain.account.id).padStart(12, "0"),
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
    });
    await send(QueueUrl, "4", "g");
    expect(await receive(QueueUrl)).toEqual([]);
    const [first, second] = found.filter(({ Body }) => Body !== "3");
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
    const handle = second?.ReceiptHandle;
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 0 }));
    const expired = client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: handle }));
    await expect(expired).rejects.toMatchObject({ message: /The receipt handle has expired\.$/ });
    expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(["2", "4"]);
  });

  test("give the same messages and handles to the same attempt", async () => {
    const QueueUrl = await create("attempts.fifo", { ContentBasedDeduplication: "true" });
    for (const body of ["1", "2"]) await send(QueueUrl, body, "g");
    const first = await receive(QueueUrl, { ReceiveRequestAttemptId: "try-1" });
    const second = await receive(QueueUrl, { ReceiveRequestAttemptId: "try-1" });
    expect(first.map(({ Body }) => Body)).toEqual(["1", "2"]);
    expect(second.map(({ ReceiptHandle }) => ReceiptHandle)).toEqual(first.map(({ ReceiptHandle }) => ReceiptHandle));
  });

  test("deduplicate in the queue, or in each group", async () => {
    const inQueue = await create("dedupe.fifo");
    expect(await send(inQueue, "a", "g1", "id")).toMatchObject({
      MessageId: (await send(inQueue, "b", "g2", "id")).MessageId,
    });
    const inGroup = await create("dedupe-group.fifo", {
      ...{ DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" },
    });
    const first = await send(inGroup, "a", "g1", "id");
    expect((await send(inGroup, "b", "g2", "id")).MessageId).not.toBe(first.MessageId);
    expect((await send(inGroup, "c", "g1", "id")).MessageId).toBe(first.MessageId);
    const ids = (await receive(inGroup)).map(({ Attributes }) => Attributes?.MessageDeduplicationId);
    expect(ids).toEqual(["id", "id"]);
  });

  test("refuse what is for standard queues, and the other way round", async () => {
    const QueueUrl = await create("strict.fifo");
    const { QueueUrl: standard } = await newQueue();
    const group = { MessageGroupId: "g", MessageDeduplicationId: "d" };
    const refused = async (input: object, Code: string) => {
      const sending = client.send(new SendMessageCommand({ MessageBody: "x", QueueUrl, ...input }));
      await expect(sending).rejects.toMatchObject({ Code });
    };
    await refused({ ...group, DelaySeconds: 2 }, "InvalidParameterValue");
    await refused({ MessageDeduplicationId: "d" }, "MissingParameter");
    await refused({ MessageGroupId: "g" }, "InvalidParameterValue");
    await refused({ ...group, QueueUrl: standard }, "InvalidParameterValue");
    await expect(create("plain-name")).rejects.toMatchObject({ Code: "InvalidParameterValue" });
    const without = client.send(new CreateQueueCommand({ QueueName: "without.fifo" }));
    await expect(without).rejects.toMatchObject({ Code: "InvalidParameterValue" });
    const change = new SetQueueAttributesCommand({ QueueUrl, Attributes: { FifoQueue: "false" } });
    await expect(client.send(change)).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  });
});

test("a group in a standard queue is a tenant: it is shown, blocks nothing, and shares the queue", async () => {
  const { QueueUrl } = await newQueue();
  const Entries = Array.from({ length: 9 }, (_, i) => ({ Id: `${i}`, MessageBody: `a${i}`, MessageGroupId: "a" }));
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "b", MessageGroupId: "b" }));
  const names = { MessageSystemAttributeNames: ["MessageGroupId" as const] };
  const received = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 3, ...names }));
  expect(received.Messages?.map(({ Attributes }) => Attributes)).toContainEqual({ MessageGroupId: "b" });
  expect(received.Messages).toHaveLength(3);
});

test("bodies of the REST API arrive as they are: a text as its text, any other as JSON", async () => {
  const { QueueUrl } = await newQueue();
  const path = `/queue/queues/${QueueUrl.split("/").at(-1)}/messages`;
  const messages = [{ body: "text" }, { body: { a: [1, null] }, attributes: { n: 7 } }];
  expect((await sqs.queue.request("POST", path, { body: { messages } })).status).toBe(201);
  const input = { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] };
  const { Messages = [] } = await client.send(new ReceiveMessageCommand(input));
  expect(Messages.map(({ Body }) => Body)).toEqual(["text", '{"a":[1,null]}']);
  expect(Messages[1]?.MessageAttributes).toEqual({ n: { DataType: "Number", StringValue: "7" } });
});

// Reports about ElasticMQ, LocalStack and moto, and what AWS itself has replied.
describe("what others got wrong", () => {
  const send = (input: object) => client.send(new SendMessageCommand({ MessageBody: "msg", QueueUrl: "", ...input }));
  const string = (StringValue: string, DataType = "String") => ({ DataType, StringValue });
  const ownQueue = async (QueueName: string) => {
    const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName }));
    return QueueUrl;
  };

  test("digests of attributes, also of custom types and of those that were selected; none without attributes", async () => {
    const QueueUrl = await ownQueue("digests");
    expect((await send({ QueueUrl })).MD5OfMessageAttributes).toBeUndefined();
    const binary = {
      attr1: {
        DataType: "Binary",
        BinaryValue: Buffer.from("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"),
      },
    };
    expect((await send({ QueueUrl, MessageAttributes: binary })).MD5OfMessageAttributes).toBe(
      "8cbe4db156db8a94db8b801b7addb984",
    );
    expect((await send({ QueueUrl, MessageAttributes: { Foo: string("Bar") } })).MD5OfMessageAttributes).toBe(
      "ae7155c6026991b6d54b11589678bf9c",
    );
    await client.send(new PurgeQueueCommand({ QueueUrl }));
    const MessageAttributes = { "Help.Me": string("Me"), Hello: string("There"), General: string("Kenobi") };
    expect((await send({ QueueUrl, MessageAttributes })).MD5OfMessageAttributes).toBe(
      "4c360f3fdafd970e05fae2f149d997f5",
    );
    for (const [names, digest] of [
      [[], undefined],
      [["All"], "4c360f3fdafd970e05fae2f149d997f5"],
      [[".*"], "4c360f3fdafd970e05fae2f149d997f5"],
      [["Foo", "Bar"], undefined],
      [["Hello", "General"], "fca026605781cb4126a1e9044df24232"],
      [["Foo", "Hello"], "a311262e065454b75da111d535b8dacd"],
      [["Hel.*"], "83fee93c1bcd8b9a5a923ffacdc636c7"],
    ] as const) {
      const input = { QueueUrl, MessageAttributeNames: [...names], VisibilityTimeout: 0 };
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(input));
      expect([names, Messages[0]?.MD5OfMessageAttributes]).toEqual([names, digest]);
    }
    const custom = { timestamp: string("1493147359900", "Number.java.lang.Long") };
    await send({ QueueUrl, MessageAttributes: custom });
    const all = { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] };
    const { Messages = [] } = await client.send(new ReceiveMessageCommand(all));
    expect(Messages.at(-1)?.MessageAttributes).toEqual(custom);
  });

  test("attributes that AWS refuses", async () => {
    const { QueueUrl } = await newQueue();
    const refused: [Record<string, object>, RegExp][] = [
      [
        { ErrorDetails: string("") },
        /^Message \(user\) attribute 'ErrorDetails' must contain a non-empty value of type 'String'\.$/,
      ],
      [{ "AWS.x": string("a") }, /AWS\./],
      [{ "a..b": string("a") }, /period/],
      [{ n: string("x", "Number") }, /number/],
      [{ t: string("a", "Text") }, /supported type prefixes: Binary, Number, String/],
      [{ c: string("\u0001") }, /not allowed/],
      [
        Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`a${i}`, string("x")])),
        /exceeds the allowed maximum \[10\]/,
      ],
    ];
    for (const [MessageAttributes, message] of refused) {
      await expect(send({ QueueUrl, MessageAttributes })).rejects.toMatchObject({
        Code: "InvalidParameterValue",
        message,
      });
    }
  });

  test("batches: an invalid message fails alone, faults of the batch as a whole fail all", async () => {
    const { QueueUrl, counts } = await newQueue();
    const batch = (Entries: object[]) =>
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries: Entries as { Id: string; MessageBody: string }[] }));
    const { Successful, Failed } = await batch([
      { Id: "good", MessageBody: "x" },
      { Id: "control", MessageBody: "\u0001" },
      { Id: "late", MessageBody: "x", DelaySeconds: 901 },
      { Id: "empty", MessageBody: "" },
    ]);
    expect(Successful?.map(({ Id }) => Id)).toEqual(["good"]);
    expect(Failed?.map(({ Id, Code }) => `${Id} ${Code}`)).toEqual([
      "control InvalidMessageContents",
      "late InvalidParameterValue",
      "empty MissingParameter",
    ]);
    const many = Array.from({ length: 20 }, (_, i) => ({ Id: `${i}`, MessageBody: "x" }));
    const half = "x".repeat(524_289);
    const wholes: [object[], string, RegExp][] = [
      [[], "EmptyBatchRequest", /at least one SendMessageBatchRequestEntry/],
      [many, "TooManyEntriesInBatchRequest", /^Maximum number of entries per request are 10\. You have sent 20\.$/],
      [[{ Id: "invalid:id", MessageBody: "x" }], "InvalidBatchEntryId", /at most 80 letters long/],
      [[many[1], many[1]] as object[], "BatchEntryIdsNotDistinct", /Id 1 repeated/],
      [
        [
          { Id: "a", MessageBody: half },
          { Id: "b", MessageBody: half },
        ],
        "BatchRequestTooLong",
        /longer than 1048576 bytes\. You have sent 1048578 bytes\.$/,
      ],
    ];
    for (const [entries, name, message] of wholes)
      await expect(batch(entries)).rejects.toMatchObject({ name, message });
    expect(await counts()).toMatchObject({ length: 1 });
    const largest = "€".repeat(349_525);
    expect((await batch([{ Id: "a", MessageBody: `${largest}x` }])).Successful).toHaveLength(1);
    await expect(send({ QueueUrl, MessageBody: `${largest}xx` })).rejects.toMatchObject({
      message: "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    });
  });

  test("a trace header is no attribute of the user's, and has a digest of its own", async () => {
    const { QueueUrl } = await newQueue();
    const AWSTraceHeader = string("Root=1-5759e988-bd862e3fe1be46a994272793");
    const sent = await send({ QueueUrl, MessageSystemAttributes: { AWSTraceHeader } });
    expect(sent.MD5OfMessageAttributes).toBeUndefined();
    expect(sent.MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/);
    const input = {
      QueueUrl,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["AWSTraceHeader" as const],
    };
    const { Messages = [] } = await client.send(new ReceiveMessageCommand(input));
    expect(Messages[0]?.Attributes).toEqual({ AWSTraceHeader: AWSTraceHeader.StringValue });
    expect(Messages[0]?.MessageAttributes).toBeUndefined();
  });

  test("a long poll that its client cuts off takes no message; one that ends gives none", async () => {
    const { QueueUrl, counts } = await newQueue();
    const cut = new AbortController();
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: cut.signal,
    });
    await expect.poll(() => sqs.queue.deps.waiting.hasWaiting(QueueUrl.split("/").at(-1) ?? "")).toBe(true);
    cut.abort();
    await expect(waiting).rejects.toThrow();
    await send({ QueueUrl });
    expect(await counts()).toMatchObject({ ready: 1, leased: 0 });
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    expect(Messages).toHaveLength(1);
    expect((await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))).Messages).toBeUndefined();
  });

  test("changing the visibility of what is gone, or not in flight, says which", async () => {
    const QueueUrl = await ownQueue("visibility");
    await send({ QueueUrl });
    const { Messages: [{ ReceiptHandle } = {}] = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    const change = (VisibilityTimeout: number) =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
    await change(0);
    await expect(change(10)).rejects.toMatchObject({ name: "MessageNotInflight" });
    await client.send(new PurgeQueueCommand({ QueueUrl }));
    await expect(change(10)).rejects.toMatchObject({ Code: "InvalidParameterValue" });
  });
});
