import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { until } from "@quintet/http/testing";
import { afterAll, expect, test } from "vitest";
import { openSqs } from "./sqs-server.ts";

const sqs = await openSqs();
afterAll(() => sqs[Symbol.asyncDispose]());
const client = await sqs.client();

let made = 0;
const newQueue = async (Attributes: Record<string, string> = {}) => {
  const created = await client.send(new CreateQueueCommand({ QueueName: `moved-${++made}`, Attributes }));
  const QueueUrl = created.QueueUrl ?? "";
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] });
  return { QueueUrl, arn: (await client.send(command)).Attributes?.QueueArn ?? "" };
};

/** A dead-letter queue with this many messages that were sent to the queue before it. */
const pair = async (count: number) => {
  const dead = await newQueue();
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
  const queue = await newQueue({ RedrivePolicy, VisibilityTimeout: "0" });
  const { QueueUrl } = queue;
  for (let at = 0; at < count; at += 10) {
    const Entries = Array.from({ length: Math.min(10, count - at) }, (_, i) => ({
      Id: `m${i}`,
      MessageBody: `${at + i}`,
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
  await until(async () => {
    await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return (await lengthOf(dead)) === count;
  });
  return { queue, dead };
};

const lengthOf = async ({ QueueUrl }: { QueueUrl: string }) => {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] });
  return Number((await client.send(command)).Attributes?.ApproximateNumberOfMessages);
};
const tasksOf = async (SourceArn: string) =>
  (await client.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 10 }))).Results ?? [];

test("a move task returns messages to the queues they came from, with its rate and its progress", async () => {
  const { queue, dead } = await pair(30);
  const SourceArn = dead.arn;
  const start = new StartMessageMoveTaskCommand({ SourceArn, MaxNumberOfMessagesPerSecond: 20 });
  const { TaskHandle } = await client.send(start);
  await expect(client.send(start)).rejects.toMatchObject({ name: "UnsupportedOperation" });
  const [running] = await tasksOf(SourceArn);
  expect(running).toMatchObject({
    TaskHandle,
    Status: "RUNNING",
    SourceArn,
    MaxNumberOfMessagesPerSecond: 20,
    ApproximateNumberOfMessagesToMove: 30,
  });
  expect(running?.StartedTimestamp).toBeGreaterThan(Date.now() - 60_000);
  await until(async () => ((await tasksOf(SourceArn))[0]?.ApproximateNumberOfMessagesMoved ?? 0) > 0);
  const cancelled = await client.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
  const [ended] = await tasksOf(SourceArn);
  expect(ended).toMatchObject({
    Status: "CANCELLED",
    ApproximateNumberOfMessagesMoved: cancelled.ApproximateNumberOfMessagesMoved,
  });
  expect(ended?.TaskHandle).toBeUndefined();

  // The rest, without a rate, to another queue.
  const elsewhere = await newQueue();
  await client.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: elsewhere.arn }));
  await until(async () => (await tasksOf(SourceArn))[0]?.Status === "COMPLETED");
  expect((await tasksOf(SourceArn))[0]).toMatchObject({ DestinationArn: elsewhere.arn });
  expect((await lengthOf(queue)) + (await lengthOf(elsewhere))).toBe(30);
  expect(await lengthOf(dead)).toBe(0);
});

test("a move task that cannot be started, listed or cancelled is an error of SQS", async () => {
  const { queue, dead } = await pair(1);
  const start = (input: ConstructorParameters<typeof StartMessageMoveTaskCommand>[0]) =>
    client.send(new StartMessageMoveTaskCommand(input));
  const missing = `${dead.arn}-x`;
  await expect(start({ SourceArn: missing })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await expect(start({ SourceArn: dead.arn, DestinationArn: missing })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  for (const input of [
    { SourceArn: queue.arn },
    { SourceArn: "nonsense" },
    { SourceArn: dead.arn, DestinationArn: dead.arn },
    { SourceArn: dead.arn, MaxNumberOfMessagesPerSecond: 501 },
  ]) {
    await expect(start(input), JSON.stringify(input)).rejects.toMatchObject({ Code: "InvalidParameterValue" });
  }
  const list = client.send(new ListMessageMoveTasksCommand({ SourceArn: missing }));
  await expect(list).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  expect(await tasksOf(dead.arn)).toEqual([]);
  const cancel = (TaskHandle: string) => client.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
  await expect(cancel("nonsense")).rejects.toMatchObject({ Code: "InvalidParameterValue" });
  const { TaskHandle = "" } = await start({ SourceArn: dead.arn });
  await until(async () => (await tasksOf(dead.arn))[0]?.Status === "COMPLETED");
  await expect(cancel(TaskHandle)).rejects.toMatchObject({ name: "UnsupportedOperation" });
  const [name] = JSON.parse(Buffer.from(TaskHandle, "base64").toString()) as [string];
  const unknown = Buffer.from(JSON.stringify([name, "none"])).toString("base64");
  await expect(cancel(unknown)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});
