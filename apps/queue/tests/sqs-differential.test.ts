import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import { afterAll, expect, test } from "vitest";
import { openSqs } from "./sqs-server.ts";

// The same calls to this app and to fauxqs, an independent implementation of SQS: results and errors must be equal. Left out is what fauxqs
// does not do as AWS does: one message of a FIFO group per receive, characters beyond U+FFFF, attributes that were not asked for, receipts
// that outlive their lease, the order of returned messages.

const full = process.env.QUINTET_FAULTS === "full";
const [runs, steps] = full ? [40, 300] : [2, 80];

const opened = new AsyncDisposableStack();
const sqs = opened.use(await openSqs());
const fauxqs = await startFauxqs({ port: 0, logger: false });
opened.defer(() => fauxqs.stop());
afterAll(() => opened.disposeAsync());
const ours = await sqs.client();
const theirs = new SQSClient({
  endpoint: fauxqs.address,
  region: "eu-central-1",
  credentials: { accessKeyId: "x", secretAccessKey: "x" },
  maxAttempts: 1,
});
opened.defer(() => theirs.destroy());

/** Whole numbers below a limit, always the same for a seed (mulberry32). */
function random(seed: number) {
  let state = seed | 0;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  };
  return { below, pick: <T>(list: readonly T[]) => list[below(list.length)] as T };
}

interface Side {
  client: SQSClient;
  /** URLs by the names of queues. */
  urls: Map<string, string>;
  /** Handles of messages in flight, by their bodies. */
  handles: Map<string, string>;
  /** The bodies of messages, by their ids. */
  bodies: Map<string, string>;
}

type Call = (side: Side) => Promise<unknown>;

/** The name of an error without what fauxqs adds to the codes of the Query protocol. */
function nameOf({ name }: Error): string {
  return name
    .replace("AWS.SimpleQueueService.", "")
    .replace(/Exception$/, "")
    .replace("MissingRequiredParameter", "MissingParameter");
}

async function outcome(call: Call, side: Side): Promise<unknown> {
  try {
    return { result: await call(side) };
  } catch (error) {
    if (!(error instanceof Error) || !("$metadata" in error)) throw error;
    return { error: nameOf(error) };
  }
}

const shownAttributes = [
  ...["VisibilityTimeout", "DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod"],
  ...["ReceiveMessageWaitTimeSeconds", "FifoQueue", "ContentBasedDeduplication"],
  ...["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"],
] as "All"[];

function messageOf(message: Message) {
  const { Body, MD5OfBody, MD5OfMessageAttributes, MessageAttributes = {}, Attributes = {} } = message;
  const values = Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    ...[name, DataType, StringValue ?? ""],
    Buffer.from(BinaryValue ?? []).toString("hex"),
  ]);
  const { ApproximateReceiveCount, MessageGroupId, MessageDeduplicationId } = Attributes;
  return {
    ...{ Body, MD5OfBody, MD5OfMessageAttributes, ApproximateReceiveCount, MessageGroupId, MessageDeduplicationId },
    values: values.sort(),
  };
}

/** Generates calls for a few queues whose contents it follows, so that no result depends on what the two may do in different orders. */
function generator(seed: number) {
  const { below, pick } = random(seed);
  const names = [`d${seed}-a`, `d${seed}-b`, `d${seed}-c.fifo`];
  let made = 0;
  const urlOf = (side: Side, name: string) => side.urls.get(name) ?? "http://localhost/000000000000/unknown";

  const create = (): Call => {
    const name = pick(names);
    const Attributes: Record<string, string> = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    if (below(2) === 0) Attributes.MaximumMessageSize = pick(["1024", "2048", "1023", "x"]);
    if (below(3) === 0) Attributes.MessageRetentionPeriod = pick(["60", "1209600", "59"]);
    return async (side) => {
      const { QueueUrl = "" } = await side.client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
      side.urls.set(name, QueueUrl);
      return QueueUrl.split("/").at(-1);
    };
  };
  const attributesOfMessage = () => ({
    text: { DataType: pick(["String", "String.custom"]), StringValue: pick(["a", "ä€", "x".repeat(300)]) },
    number: { DataType: pick(["Number", "Number.int"]), StringValue: pick(["0", "-12.5", "1e10"]) },
    ...(below(2) ? { bytes: { DataType: "Binary", BinaryValue: Buffer.from([below(256), 0, 255]) } } : {}),
  });
  const message = (name: string) => {
    const body = `${++made} ${pick(["plain", '{"json":["ä",1]}', "line\nand\ttab\r", "€".repeat(400), ""])}`;
    const group = { MessageGroupId: `g${made}`, MessageDeduplicationId: below(4) ? `d${made}` : `d${made - 1}` };
    return {
      MessageBody: below(20) === 0 ? pick(["", `${made} \u0001`, `${made} \uffff`]) : body,
      ...(below(2) ? { MessageAttributes: attributesOfMessage() } : {}),
      ...(name.endsWith(".fifo") ? group : below(5) ? {} : { DelaySeconds: 900 }),
    };
  };
  const send = (): Call => {
    const name = pick(names);
    const input = message(name);
    return async (side) => {
      const sent = await side.client.send(new SendMessageCommand({ QueueUrl: urlOf(side, name), ...input }));
      const first = side.bodies.get(sent.MessageId ?? "") ?? input.MessageBody;
      side.bodies.set(sent.MessageId ?? "", first);
      const { MD5OfMessageBody, MD5OfMessageAttributes } = sent;
      return { first, MD5OfMessageBody, MD5OfMessageAttributes };
    };
  };
  const sendBatch = (): Call => {
    const name = pick(names);
    const Entries = Array.from({ length: pick([0, 1, 2, 3, 11]) }, (_, i) => ({ Id: `e${i}`, ...message(name) }));
    // In a batch an empty body is an error of the whole there.
    for (const entry of Entries) entry.MessageBody ||= `${made} filled`;
    if (below(10) === 0) for (const entry of Entries) entry.Id = pick(["same", "a:b"]);
    return async (side) => {
      const sent = await side.client.send(new SendMessageBatchCommand({ QueueUrl: urlOf(side, name), Entries }));
      return {
        Successful: (sent.Successful ?? []).map(({ Id, MessageId = "", MD5OfMessageBody, MD5OfMessageAttributes }) => {
          const body = Entries.find((entry) => entry.Id === Id)?.MessageBody ?? "";
          const first = side.bodies.get(MessageId) ?? body;
          side.bodies.set(MessageId, first);
          return { Id, first, MD5OfMessageBody, MD5OfMessageAttributes };
        }),
        Failed: (sent.Failed ?? []).map(({ Id, SenderFault, Code }) => ({ Id, SenderFault, Code })),
      };
    };
  };
  const receive = (): Call => {
    const name = pick(names);
    const invalid = below(10) === 0 ? pick([{ MaxNumberOfMessages: 0 }, { WaitTimeSeconds: 21 }]) : {};
    return async (side) => {
      const found: Message[] = [];
      // All that are visible, whatever their order.
      for (let last = 10; last === 10; ) {
        const { Messages = [] } = await side.client.send(
          new ReceiveMessageCommand({
            ...{ QueueUrl: urlOf(side, name), MaxNumberOfMessages: 10, VisibilityTimeout: 600 },
            ...{ MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] },
            // Of two faults at once either may be named.
            ...(side.urls.has(name) ? invalid : {}),
          }),
        );
        found.push(...Messages);
        last = Messages.length;
      }
      for (const { Body = "", ReceiptHandle = "" } of found) side.handles.set(`${name} ${Body}`, ReceiptHandle);
      return found.map(messageOf).sort((a, b) => ((a.Body ?? "") < (b.Body ?? "") ? -1 : 1));
    };
  };
  /** Settles the first message in flight, by the order of bodies, which is the same on both sides. */
  const settle = (): Call => {
    const [verb, rank] = [pick(["delete", "delete twice", "delete batch", "return", "extend", "invalid"]), below(3)];
    return async (side) => {
      const key = [...side.handles.keys()].sort()[rank];
      if (key === undefined) return "nothing";
      const name = key.slice(0, key.indexOf(" "));
      const target = { QueueUrl: urlOf(side, name), ReceiptHandle: side.handles.get(key) ?? "" };
      const change = (VisibilityTimeout: number) =>
        side.client.send(new ChangeMessageVisibilityCommand({ ...target, VisibilityTimeout }));
      if (verb === "invalid") return change(43_201);
      if (verb === "extend") return (await change(900)) && key;
      side.handles.delete(key);
      if (verb === "return") return (await change(0)) && key;
      if (verb === "delete batch") {
        const { QueueUrl, ReceiptHandle } = target;
        const input = { QueueUrl, Entries: [{ Id: "x", ReceiptHandle }] };
        const { Successful = [], Failed = [] } = await side.client.send(new DeleteMessageBatchCommand(input));
        return [key, Successful, Failed];
      }
      for (let i = verb === "delete" ? 1 : 0; i < 2; i++) await side.client.send(new DeleteMessageCommand(target));
      return key;
    };
  };
  const look = (): Call => {
    const [name, what] = [pick(names), pick(["attributes", "url", "list", "tags"])];
    return async (side) => {
      const QueueUrl = urlOf(side, name);
      if (what === "attributes") {
        const input = { QueueUrl, AttributeNames: shownAttributes };
        return (await side.client.send(new GetQueueAttributesCommand(input))).Attributes;
      }
      if (what === "url") {
        const found = await side.client.send(new GetQueueUrlCommand({ QueueName: name }));
        return found.QueueUrl?.split("/").at(-1);
      }
      if (what === "tags") return (await side.client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags ?? {};
      const { QueueUrls = [] } = await side.client.send(new ListQueuesCommand({ QueueNamePrefix: `d${seed}-` }));
      return QueueUrls.map((url) => url.split("/").at(-1)).sort();
    };
  };
  const change = (): Call => {
    const name = pick(names);
    const forget = (side: Side) => {
      for (const key of side.handles.keys()) if (key.startsWith(`${name} `)) side.handles.delete(key);
    };
    const what = pick(["set", "set", "set wrong", "tag", "untag", "purge", "delete"]);
    const Attributes: Record<string, string> = {
      [pick(["VisibilityTimeout", "ReceiveMessageWaitTimeSeconds"])]: pick(["0", "20", "43201"]),
    };
    const key = pick(["a", "b", "ü"]);
    return async (side) => {
      const QueueUrl = urlOf(side, name);
      const { client } = side;
      if (what === "set")
        return void (await client.send(
          new SetQueueAttributesCommand({
            QueueUrl,
            Attributes: { ...Attributes, ReceiveMessageWaitTimeSeconds: "0" },
          }),
        ));
      if (what === "set wrong")
        return void (await client.send(
          new SetQueueAttributesCommand({ QueueUrl, Attributes: { Nonsense: "1" } as never }),
        ));
      if (what === "tag") return void (await client.send(new TagQueueCommand({ QueueUrl, Tags: { [key]: "v" } })));
      if (what === "untag") return void (await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: [key] })));
      forget(side);
      if (what === "purge") return void (await client.send(new PurgeQueueCommand({ QueueUrl })));
      await client.send(new DeleteQueueCommand({ QueueUrl }));
      side.urls.delete(name);
    };
  };
  const kinds = [create, send, send, send, sendBatch, receive, receive, settle, settle, settle, look, look, change];
  return { next: () => pick(kinds)(), firsts: [create, create, create, create].map((one) => one()) };
}

test.each(Array.from({ length: runs }, (_, i) => Number(process.env.QUINTET_SEED ?? 1) + i))(
  "fauxqs gives the same results and errors, seed %d",
  async (seed) => {
    const side = (client: SQSClient): Side => ({ client, urls: new Map(), handles: new Map(), bodies: new Map() });
    const [mine, other] = [side(ours), side(theirs)];
    const { next, firsts } = generator(seed);
    const seen = { results: 0, errors: 0 };
    for (let step = 0; step < steps; step++) {
      const call = firsts[step] ?? next();
      const [a, b] = await Promise.all([outcome(call, mine), outcome(call, other)]);
      expect({ step, ...(a as object) }, `seed ${seed}, step ${step}: ${call}`).toEqual({ step, ...(b as object) });
      seen["error" in (a as object) ? "errors" : "results"]++;
    }
    expect(Math.min(seen.results, seen.errors)).toBeGreaterThan(5);
  },
  300_000,
);
