import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findTool } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, startMounted } from "./harness/installation.ts";

const run = promisify(execFile);
const installMinutes = 10;

let quintet: Installation;
let folder: string;
let program: string;
let endpoint: string;
let env: Record<string, string>;

beforeAll(async () => {
  quintet = await startMounted();
  program = await findTool("aws", process.env, (line) => console.log(line));
  folder = await mkdtemp(join(tmpdir(), "quintet-aws-"));
  const made = await quintet.plain.post("/queue/access-keys");
  const { accessKeyId, secretAccessKey } = made.json<{ accessKeyId: string; secretAccessKey: string }>();
  endpoint = `${quintet.origin}/queue/sqs`;
  env = {
    ...{ PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8", AWS_PAGER: "", AWS_DEFAULT_OUTPUT: "json" },
    ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: "eu-central-1" },
    ...{ AWS_MAX_ATTEMPTS: "1", AWS_EC2_METADATA_DISABLED: "true" },
  };
}, installMinutes * 60_000);
afterAll(async () => {
  await quintet?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** What the CLI prints, as far as it is looked at. */
interface Output {
  QueueUrl: string;
  QueueUrls?: string[];
  Attributes: Record<string, string>;
  MessageId: string;
  MD5OfMessageBody: string;
  MD5OfMessageAttributes: string;
  SequenceNumber: string;
  Messages: { ReceiptHandle: string; Body: string }[];
  Successful: { Id: string }[];
  Failed: object[];
  TaskHandle: string;
  Results: { Status: string }[];
}

/** Runs `aws sqs` and returns what it prints, an empty object when it prints nothing. An object is an option's JSON. */
async function aws(command: string, options: Record<string, unknown> = {}): Promise<Output> {
  const given = Object.entries(options).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    ...(value === true
      ? []
      : Array.isArray(value) && value.every((one) => typeof one === "string")
        ? value
        : [textOf(value)]),
  ]);
  const { stdout } = await run(program, ["sqs", command, "--endpoint-url", endpoint, ...given], { env });
  return JSON.parse(stdout || "{}");
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** The error that a command prints. */
const failure = async (command: string, options: Record<string, unknown>) => {
  const failed: { stderr?: string } = await aws(command, options).then(
    () => ({}),
    (error: { stderr?: string }) => error,
  );
  return failed.stderr?.trim() ?? "";
};

test("every action of the AWS CLI works unchanged", async () => {
  const account = String(quintet.plain.id).padStart(12, "0");
  const arn = (name: string) => `arn:aws:sqs:eu-central-1:${account}:${name}`;
  const { QueueUrl: dead } = await aws("create-queue", { queueName: "cli-dead" });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn("cli-dead"), maxReceiveCount: "1" });
  const { QueueUrl: queueUrl } = await aws("create-queue", {
    queueName: "cli",
    attributes: { VisibilityTimeout: "60", RedrivePolicy },
    tags: { team: "shop", empty: "" },
  });
  expect([dead, queueUrl]).toEqual([`${endpoint}/${account}/cli-dead`, `${endpoint}/${account}/cli`]);
  expect(await aws("get-queue-url", { queueName: "cli" })).toEqual({ QueueUrl: queueUrl });
  // Without a queue, versions of the CLI print an empty list or nothing.
  const listed = async (queueNamePrefix: string) => (await aws("list-queues", { queueNamePrefix })).QueueUrls ?? [];
  expect(await listed("cli")).toEqual([queueUrl, dead]);
  expect(await aws("list-queues", { queueNamePrefix: "cli", pageSize: "1" })).toEqual({ QueueUrls: [queueUrl, dead] });
  expect(await listed("none")).toEqual([]);
  expect(await aws("list-dead-letter-source-queues", { queueUrl: dead })).toEqual({ queueUrls: [queueUrl] });

  await aws("set-queue-attributes", { queueUrl, attributes: { DelaySeconds: "0", MaximumMessageSize: "2048" } });
  const { Attributes } = await aws("get-queue-attributes", { queueUrl, attributeNames: ["All"] });
  expect(Attributes).toMatchObject({
    ...{ QueueArn: arn("cli"), VisibilityTimeout: "60", MaximumMessageSize: "2048" },
    ...{ ApproximateNumberOfMessages: "0", DelaySeconds: "0" },
  });
  await aws("tag-queue", { queueUrl, tags: { more: "ä b&c" } });
  await aws("untag-queue", { queueUrl, tagKeys: ["empty"] });
  expect(await aws("list-queue-tags", { queueUrl })).toEqual({ Tags: { team: "shop", more: "ä b&c" } });

  // The CLI checks the digests of bodies and attributes.
  const body = 'a <body> with ä, 🧀, "quotes" & a line\nbreak';
  const sent = await aws("send-message", {
    queueUrl,
    messageBody: body,
    messageAttributes: {
      text: { DataType: "String", StringValue: "ü" },
      number: { DataType: "Number", StringValue: "17" },
      bytes: { DataType: "Binary", BinaryValue: "AAH/" },
    },
    messageSystemAttributes: {
      AWSTraceHeader: { DataType: "String", StringValue: "Root=1-5759e988-bd862e3fe1be46a994272793" },
    },
  });
  const { Messages } = await aws("receive-message", {
    ...{ queueUrl, attributeNames: ["All"], messageAttributeNames: ["All"], waitTimeSeconds: "1" },
  });
  expect(Messages).toHaveLength(1);
  // Version 1 of the CLI takes the value as bytes, version 2 as base64; both print base64.
  const bytes = { BinaryValue: expect.stringMatching(/^(?:AAH\/|QUFILw==)$/) };
  expect(Messages[0]).toMatchObject({
    ...{ MessageId: sent.MessageId, Body: body, MD5OfBody: sent.MD5OfMessageBody },
    MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
    Attributes: { ApproximateReceiveCount: "1", AWSTraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793" },
    MessageAttributes: { text: { StringValue: "ü" }, number: { StringValue: "17" }, bytes },
  });
  const receiptHandle = Messages[0]?.ReceiptHandle;
  await aws("change-message-visibility", { queueUrl, receiptHandle, visibilityTimeout: "30" });
  await aws("delete-message", { queueUrl, receiptHandle });

  const batch = await aws("send-message-batch", {
    queueUrl,
    entries: [
      { Id: "a", MessageBody: "1" },
      { Id: "b", MessageBody: "2", DelaySeconds: 0 },
      { Id: "c", MessageBody: "\u0001" },
      { Id: "d", MessageBody: "4" },
    ],
  });
  expect(batch.Successful.map(({ Id }) => Id)).toEqual(["a", "b", "d"]);
  expect(batch.Failed).toMatchObject([{ Id: "c", SenderFault: true, Code: "InvalidMessageContents" }]);
  const received = await aws("receive-message", { queueUrl, maxNumberOfMessages: "10" });
  const handles = received.Messages.map(({ ReceiptHandle }, i) => ({
    Id: `m${i}`,
    ReceiptHandle,
  }));
  expect(handles).toHaveLength(3);
  const changed = await aws("change-message-visibility-batch", {
    queueUrl,
    entries: [
      { ...handles[0], VisibilityTimeout: 40 },
      { ...handles[1], VisibilityTimeout: 0 },
    ],
  });
  expect(changed.Successful).toEqual([{ Id: "m0" }, { Id: "m1" }]);
  const deleted = await aws("delete-message-batch", {
    queueUrl,
    entries: [handles[0], handles[2], { Id: "x", ReceiptHandle: "nonsense" }],
  });
  expect(deleted).toMatchObject({
    Successful: [{ Id: "m0" }, { Id: "m2" }],
    Failed: [{ Id: "x", SenderFault: true, Code: "ReceiptHandleIsInvalid" }],
  });

  // The one that was given back has had its single receive: it is a dead letter.
  const dying = await aws("receive-message", { queueUrl: dead, waitTimeSeconds: "10" });
  expect(dying.Messages).toMatchObject([{ Body: "2" }]);
  await aws("change-message-visibility", {
    ...{ queueUrl: dead, receiptHandle: dying.Messages[0]?.ReceiptHandle, visibilityTimeout: "0" },
  });
  const { stdout: help } = await run(program, ["sqs", "help"], { env }).catch(() => ({ stdout: "" }));
  if (help.includes("start-message-move-task")) {
    const { TaskHandle } = await aws("start-message-move-task", { sourceArn: arn("cli-dead") });
    expect(TaskHandle).toEqual(expect.any(String));
    await expect
      .poll(async () => (await aws("list-message-move-tasks", { sourceArn: arn("cli-dead") })).Results[0]?.Status, {
        timeout: 20_000,
      })
      .toBe("COMPLETED");
    expect(await failure("cancel-message-move-task", { taskHandle: TaskHandle })).toContain(
      "Only active tasks can be cancelled",
    );
  }

  const { other } = quintet;
  const grantee = String(other.id).padStart(12, "0");
  await aws("add-permission", { queueUrl, label: "friend", awsAccountIds: [grantee], actions: ["SendMessage"] });
  const policy = await aws("get-queue-attributes", { queueUrl, attributeNames: ["Policy"] });
  expect(JSON.parse(policy.Attributes.Policy ?? "")).toMatchObject({ Statement: [{ Sid: "friend" }] });
  await aws("remove-permission", { queueUrl, label: "friend" });

  const ordered = await aws("create-queue", {
    queueName: "cli.fifo",
    attributes: { FifoQueue: "true", ContentBasedDeduplication: "true" },
  });
  const numbers: string[] = [];
  for (const messageBody of ["1", "2", "1"]) {
    const one = await aws("send-message", { queueUrl: ordered.QueueUrl, messageBody, messageGroupId: "g" });
    numbers.push(one.SequenceNumber);
  }
  expect(numbers[2]).toBe(numbers[0]);
  const attempt = { queueUrl: ordered.QueueUrl, maxNumberOfMessages: "10", receiveRequestAttemptId: "once" };
  const first = await aws("receive-message", attempt);
  expect(first.Messages.map(({ Body }) => Body)).toEqual(["1", "2"]);
  expect((await aws("receive-message", attempt)).Messages).toEqual(first.Messages);

  await aws("purge-queue", { queueUrl });
  const counts = await aws("get-queue-attributes", { queueUrl, attributeNames: ["ApproximateNumberOfMessages"] });
  expect(counts.Attributes).toEqual({ ApproximateNumberOfMessages: "0" });
  expect(await failure("get-queue-url", { queueName: "none" })).toContain("NonExistentQueue");
  expect(await failure("receive-message", { queueUrl, maxNumberOfMessages: "11" })).toContain("InvalidParameterValue");
  for (const url of [queueUrl, dead, ordered.QueueUrl]) await aws("delete-queue", { queueUrl: url });
  expect(await listed("cli")).toEqual([]);
}, 300_000);

test("large bodies arrive from a file, whole", async () => {
  const { QueueUrl: queueUrl } = await aws("create-queue", { queueName: "cli-large" });
  const body = "ä".repeat(100_000);
  const file = join(folder, "body.txt");
  await writeFile(file, body);
  await aws("send-message", { queueUrl, messageBody: `file://${file}` });
  const { Messages } = await aws("receive-message", { queueUrl });
  expect(Messages[0]?.Body).toBe(body);
  await aws("delete-queue", { queueUrl });
}, 60_000);
