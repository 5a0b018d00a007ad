import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { Producer } from "sqs-producer";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Answer, Client } from "./harness/client.ts";
import { type Installation, startBoth } from "./harness/installation.ts";

/** Mounted and behind HTTP, a call gets the same bytes: both ways run here on the same stores. */
const both = await startBoth();
afterAll(() => both[Symbol.asyncDispose]());

type Caller = "anyone" | "plain" | "staff";
type Call = [method: string, path: string, by?: Caller, body?: unknown, headers?: Record<string, string>];

const browser = { Accept: "text/html" };
const abroad = { Origin: "https://shop.example" };

const calls: Call[] = [
  ["GET", "/"],
  ["GET", "/nothing"],
  ["GET", "/queue//count"],
  ["GET", "/openapi.json"],
  ["GET", "/docs"],
  ["GET", "/auth/.well-known/jwks.json"],
  ["GET", "/.well-known/oauth-authorization-server"],
  ["GET", "/auth/me", "plain"],
  ["GET", "/auth/me"],
  ["POST", "/auth/register", "anyone", { username: "x" }],
  ["GET", "/properties", "plain"],
  ["GET", "/properties?city=nowhere", "plain"],
  ["GET", "/properties?color=red", "plain"],
  ["GET", "/properties/1", "plain"],
  ["HEAD", "/properties/1", "plain"],
  ["POST", "/properties", "plain", { address: 1 }],
  ["POST", "/properties", "staff", { address: 1 }],
  ["POST", "/properties", "staff", Buffer.from("{"), { "Content-Type": "application/json" }],
  ["DELETE", "/properties", "staff"],
  ["GET", "/ingest/jobs", "plain"],
  ["GET", "/ingest/reports/hired-by-quarter?year=2021", "plain"],
  ["POST", "/ingest/jobs/rows", "staff", { rows: [["x"]] }],
  ["POST", "/ingest/jobs/csv", "staff", Buffer.alloc(0), { "Content-Type": "text/csv" }],
  ["GET", "/directory/users?limit=2"],
  ["GET", "/directory/users?limit=2", "plain", undefined, abroad],
  ["GET", "/directory/users/999999"],
  ["GET", "/directory", "anyone", undefined, browser],
  ["GET", "/directory/search?name=a", "anyone", undefined, browser],
  ["GET", "/queue"],
  ["GET", "/queue/count", "plain"],
  ["POST", "/queue/pop", "plain"],
  ["POST", "/queue/queues/absent/receive", "plain", {}],
  ["OPTIONS", "/queue/push", "anyone", undefined, { ...abroad, "Access-Control-Request-Method": "POST" }],
  ["GET", "/social/docs"],
  ["GET", "/social/docs/assets/swagger-ui.css"],
  ["GET", "/social/posts?limit=2", "plain"],
  ["GET", "/social/posts/1", "plain"],
  ["GET", "/social/posts/'%20OR%201=1", "plain"],
  ["POST", "/social/login", "anyone", new URLSearchParams({ username: "x", password: "y" })],
];

/** What differs from one answer to the next whichever way Quintet runs. */
const ofTheMoment = new Set(["date"]);

function shown(answer: Answer) {
  const headers: [string, string][] = [];
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const name = (answer.rawHeaders[i] ?? "").toLowerCase();
    if (!ofTheMoment.has(name)) headers.push([name, answer.rawHeaders[i + 1] ?? ""]);
  }
  return { status: answer.status, headers: headers.sort(), text: answer.text };
}

describe("mounted and behind HTTP", () => {
  beforeAll(async () => {
    const { staff, plain } = both.mounted;
    const made = await Promise.all([
      staff.post("/properties", {
        address: "Calle 1",
        city: "Pereira",
        price: 100,
        description: "Casa",
        year: 2020,
        status: "en_venta",
      }),
      staff.post("/ingest/jobs/rows", {
        rows: [
          [1, "Clerk"],
          [2, "Welder"],
        ],
      }),
      staff.post("/directory/users", { firstName: "Ana", lastName: "Díaz", email: "ana@example.com", bio: "" }),
      plain.post("/social/posts", { title: "First", content: "Of all" }),
    ]);
    expect(made.map(({ status }) => status)).toEqual([201, 200, 201, 201]);
  });

  it.each(calls)("answer %s %s with the same bytes", async (method, path, by = "anyone", body, headers = {}) => {
    // The same caller for both, so that nothing but the way they run differs.
    const ask = ({ origin }: Installation) =>
      new Client(origin, both.mounted[by].headers).send(method, path, body, {
        headers: { "X-Request-Id": "same", Host: "quintet.test", ...headers },
      });
    // The first round fills the caches.
    for (const installation of [both.mounted, both.behindHttp]) await ask(installation);
    expect(shown(await ask(both.behindHttp))).toEqual(shown(await ask(both.mounted)));
  });
});

describe("an SDK of Amazon SQS", () => {
  const clients = new AsyncDisposableStack();
  afterAll(() => clients.disposeAsync());

  /** A client of an account for one way to run, with a key that was made by the other. */
  const clientOf = async (way: "mounted" | "behindHttp", who: "plain" | "other") => {
    const maker = both[way === "mounted" ? "behindHttp" : "mounted"];
    const made = await new Client(maker.origin, both.mounted[who].headers).post("/queue/access-keys");
    expect(made.status).toBe(201);
    const credentials = made.json<{ accessKeyId: string; secretAccessKey: string }>();
    const endpoint = `${both[way].origin}/queue/sqs`;
    const client = new SQSClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
    clients.defer(() => client.destroy());
    return { client, keyId: credentials.accessKeyId, endpoint };
  };

  it.each(["mounted", "behindHttp"] as const)("works unchanged, %s", async (way) => {
    const { client, endpoint } = await clientOf(way, "plain");
    const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName: `sdk-${way}` }));
    expect(QueueUrl).toMatch(new RegExp(`^${endpoint}/\\d{12}/sdk-${way}$`));
    expect(await client.send(new GetQueueUrlCommand({ QueueName: `sdk-${way}` }))).toMatchObject({ QueueUrl });
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    const { MessageId } = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "ä 🧀" }));
    const { Messages: [message] = [] } = await waiting;
    expect(message).toMatchObject({ MessageId, Body: "ä 🧀" });
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    const large = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x".repeat(1_048_576) }));
    expect(large.MessageId).toBeDefined();
    await expect(client.send(new GetQueueUrlCommand({ QueueName: "none" }))).rejects.toMatchObject({
      name: "QueueDoesNotExist",
    });
    const wrong = { accessKeyId: "QKUNKNOWNUNKNOWN2345", secretAccessKey: "wrong" };
    const stranger = new SQSClient({ endpoint, region: "us-east-1", credentials: wrong, maxAttempts: 1 });
    clients.defer(() => stranger.destroy());
    await expect(stranger.send(new ListQueuesCommand({}))).rejects.toMatchObject({ Code: "InvalidClientTokenId" });
  });

  it.each(["mounted", "behindHttp"] as const)("serves sqs-producer and sqs-consumer unchanged, %s", async (way) => {
    const { client } = await clientOf(way, "plain");
    for (const suffix of ["", ".fifo"]) {
      const isFifo = suffix !== "";
      const Attributes = isFifo ? { FifoQueue: "true" } : {};
      const { QueueUrl = "" } = await client.send(
        new CreateQueueCommand({ QueueName: `jobs-${way}${suffix}`, Attributes }),
      );
      const bodies = Array.from({ length: 23 }, (_, i) => `job ${i}`);
      const producer = Producer.create({ queueUrl: QueueUrl, sqs: client });
      await producer.send(
        bodies.map((body, i) => ({
          ...{ id: `id-${i}`, body, messageAttributes: { n: { DataType: "Number", StringValue: `${i}` } } },
          ...(isFifo && { groupId: "one", deduplicationId: `id-${i}` }),
        })),
      );
      const handled: string[] = [];
      const errors: unknown[] = [];
      const consumer = Consumer.create({
        ...{ queueUrl: QueueUrl, sqs: client, batchSize: 10, waitTimeSeconds: 20, messageAttributeNames: ["n"] },
        suppressFifoWarning: true,
        handleMessageBatch: async (messages) => {
          for (const { Body, MessageAttributes } of messages) {
            handled.push(Body ?? "");
            expect(Body).toBe(`job ${MessageAttributes?.n?.StringValue}`);
          }
          return messages;
        },
      });
      consumer.on("error", (error) => errors.push(error));
      consumer.on("processing_error", (error) => errors.push(error));
      consumer.start();
      await vi.waitFor(async () => expect([handled.length, await producer.queueSize()]).toEqual([23, 0]), 20_000);
      consumer.stop({ abort: true });
      expect(isFifo ? handled : handled.toSorted()).toEqual(isFifo ? bodies : bodies.toSorted());
      expect(errors).toEqual([]);
    }
  });

  it("is refused within 2 s after its key was deleted, or its account deactivated, everywhere", async () => {
    const { staff, plain, other } = both.mounted;
    const deleted = [await clientOf("mounted", "plain"), await clientOf("behindHttp", "plain")];
    const deactivated = [await clientOf("mounted", "other"), await clientOf("behindHttp", "other")];
    const isRefused = async ({ client }: { client: SQSClient }) => {
      const failed = await client.send(new ListQueuesCommand({})).then(
        () => undefined,
        (error: { Code?: string }) => error.Code,
      );
      return failed === "InvalidClientTokenId";
    };
    const all = [...deleted, ...deactivated];
    expect(await Promise.all(all.map(isRefused))).toEqual([false, false, false, false]);
    for (const { keyId } of deleted) expect((await plain.delete(`/queue/access-keys/${keyId}`)).status).toBe(204);
    expect((await staff.patch(`/auth/accounts/${other.id}`, { isActive: false })).status).toBe(200);
    const from = performance.now();
    await vi.waitFor(async () => expect(await Promise.all(all.map(isRefused))).toEqual([true, true, true, true]), 2000);
    expect(performance.now() - from).toBeLessThan(2000);
    expect((await staff.patch(`/auth/accounts/${other.id}`, { isActive: true })).status).toBe(200);
    expect(await Promise.all(deactivated.map(isRefused))).toEqual([false, false]);
  });
});

describe("a stream of messages", () => {
  it.each([
    ["mounted", "behindHttp"],
    ["behindHttp", "mounted"],
  ] as const)(
    "comes at once through the gateway, %s, from messages that are sent and acked %s",
    async (way, across) => {
      const queue = `/queue/queues/stream-${way}`;
      expect((await both.mounted.staff.put(queue, {})).status).toBe(201);
      const sender = new Client(both[across].origin, both.mounted.plain.headers);
      const leaving = new AbortController();
      const response = await fetch(`${both[way].origin}${queue}/stream?max=1`, {
        headers: { ...both.mounted.plain.headers, "Accept-Encoding": "gzip, br" },
        signal: leaving.signal,
      });
      expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
      const events = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      const nextMessage = async () => {
        for (;;) {
          const [block = "", rest] = text.split(/\n\n(.*)/s, 2);
          if (rest !== undefined) {
            text = rest;
            const data = /^data: (.*)$/m.exec(block)?.[1];
            if (data !== undefined) return JSON.parse(data) as { body: unknown; receipt: string };
            continue;
          }
          const read = await events?.read();
          if (!read || read.done) throw new Error(`The stream has ended: ${text}`);
          text += read.value;
        }
      };
      expect((await sender.post(`${queue}/messages`, { messages: [{ body: 1 }, { body: 2 }] })).status).toBe(201);
      for (const body of [1, 2]) {
        const message = await nextMessage();
        expect(message.body).toBe(body);
        expect((await sender.post(`${queue}/ack`, { receipts: [message.receipt] })).status).toBe(200);
      }
      leaving.abort();
    },
  );
});
