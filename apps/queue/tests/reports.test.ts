import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { until } from "@quintet/http/testing";
import { afterAll, expect, it } from "vitest";
import { scheduleKeys } from "../src/keys.ts";
import { type NamedQueue, openQueue, type Received } from "./open-queue.ts";
import { openSqs } from "./sqs-server.ts";

// Public bug reports about other queues, each as a test here. Those about digests, batches and attributes are in sqs.test.ts.

const sqs = await openSqs();
const { queue: open } = sqs;
afterAll(() => sqs[Symbol.asyncDispose]());
const client = await sqs.client(open.people.staff);

const bodies = (messages: { body: unknown }[]) => messages.map(({ body }) => body);
const receipts = (messages: Received[]) => messages.map(({ receipt }) => receipt);
const endLeases = (queue: NamedQueue) => queue.pass(60_000, "leases");
const listed = async (queue: NamedQueue, state: string) =>
  (await open.request("GET", `${queue.path}/messages?state=${state}`)).json<{
    messages: { id: string; body: unknown }[];
  }>().messages;
const kill = async (queue: NamedQueue) => queue.settle("nack", receipts(await queue.receive()));

let made = 0;
/** A queue made by the SQS protocol, and the same by the REST API. */
const sqsQueue = async (Attributes: Record<string, string> = {}, suffix = "") => {
  const name = `sqs-${++made}${suffix}`;
  const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  const path = `/queue/queues/${name}`;
  const counts = async () => (await open.request("GET", path)).json<{ counts: Record<string, number> }>().counts;
  const pass = async (ms: number) => {
    for (const id of await open.redis.zrange(`{${name}}:leases`, "0", "-1")) {
      await open.redis.zincrby(`{${name}}:leases`, -ms, id);
    }
    await open.redis.hdel(`{${name}}:settings`, "nextDue");
  };
  const send = (MessageBody: string, more: object = {}) =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
  const receive = async (more: object = {}): Promise<Message[]> =>
    (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
  const remove = ({ ReceiptHandle }: Message = {}) =>
    client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const extend = (VisibilityTimeout: number, { ReceiptHandle }: Message = {}) =>
    client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
  const arn = `arn:aws:sqs:eu-central-1:000000000000:${name}`;
  return { QueueUrl, name, arn, counts, pass, send, receive, remove, extend };
};
const fifo = (more: Record<string, string> = {}) => sqsQueue({ FifoQueue: "true", ...more }, ".fifo");
const texts = (messages: Message[]) => messages.map(({ Body }) => Body);
const inGroup = (id: string) => ({ MessageGroupId: "g", MessageDeduplicationId: id });
const toDead = (deadLetterTargetArn: string, maxReceiveCount = 1) => ({
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
});

const reports: Record<string, () => Promise<void>> = {
  async "LocalStack 10107: a group whose only message was deleted delivers the next one"() {
    const queue = await fifo();
    for (const body of ["1", "2", "3"]) {
      await queue.send(body, inGroup(body));
      const found = await queue.receive();
      expect(texts(found)).toEqual([body]);
      await queue.remove(found[0]);
    }
  },
  async "LocalStack 8724: a message sent to a group in flight does not make the group visible"() {
    const queue = await fifo();
    await queue.send("1", inGroup("1"));
    const [first] = await queue.receive();
    await queue.send("2", inGroup("2"));
    expect(await queue.receive()).toEqual([]);
    await queue.remove(first);
    expect(texts(await queue.receive())).toEqual(["2"]);
  },
  async "LocalStack 7397: a receive with a timeout of 0 has each message once"() {
    const queue = await sqsQueue();
    for (const body of ["1", "2", "3"]) await queue.send(body);
    expect(texts(await queue.receive({ VisibilityTimeout: 0 }))).toEqual(["1", "2", "3"]);
    expect(texts(await queue.receive({ VisibilityTimeout: 0 }))).toEqual(["1", "2", "3"]);
  },
  async "LocalStack 6454: a timeout is extended again and again, from now each time"() {
    const queue = await sqsQueue({ VisibilityTimeout: "10" });
    await queue.send("1");
    const [message] = await queue.receive();
    for (let i = 0; i < 4; i++) {
      await queue.pass(9000);
      await queue.extend(10, message);
    }
    expect(await queue.receive()).toEqual([]);
  },
  async "LocalStack 12954, 13222: a message is deleted after its first timeout, within the extended one"() {
    for (const queue of [await sqsQueue({ VisibilityTimeout: "2" }), await fifo({ VisibilityTimeout: "2" })]) {
      await queue.send("1", queue.name.endsWith(".fifo") ? inGroup("1") : {});
      const [message] = await queue.receive();
      await queue.extend(60, message);
      await queue.pass(30_000);
      await queue.remove(message);
      expect(await queue.counts()).toMatchObject({ length: 0 });
    }
  },
  async "LocalStack 8596: a batch without deduplication ids fails entry by entry, not in silence"() {
    const queue = await fifo();
    const Entries = ["a", "b"].map((Id) => ({ Id, MessageBody: Id, MessageGroupId: "g" }));
    const batch = await client.send(new SendMessageBatchCommand({ QueueUrl: queue.QueueUrl, Entries })).then(
      ({ Successful = [], Failed = [] }) => [Successful.length, Failed.map(({ Code }) => Code)],
      (error: { Code?: string }) => [0, [error.Code, error.Code]],
    );
    expect(batch).toEqual([0, ["InvalidParameterValue", "InvalidParameterValue"]]);
    expect(await queue.counts()).toMatchObject({ length: 0 });
  },
  async "LocalStack 10281, 6107: a dead letter of a FIFO queue moves with its group, also to one without deduplication by content"() {
    const dead = await fifo();
    const queue = await fifo({ ContentBasedDeduplication: "true", ...toDead(dead.arn) });
    await queue.send("1", { MessageGroupId: "g" });
    await queue.extend(0, (await queue.receive())[0]);
    expect(await queue.receive()).toEqual([]);
    const found = await dead.receive({ WaitTimeSeconds: 5, MessageSystemAttributeNames: ["All"] });
    expect(found).toMatchObject([{ Body: "1", Attributes: { MessageGroupId: "g" } }]);
  },
  async "ElasticMQ 921: a dead letter names the queue that it comes from"() {
    const dead = await sqsQueue();
    const queue = await sqsQueue(toDead(dead.arn));
    await queue.send("1");
    await queue.extend(0, (await queue.receive())[0]);
    const [letter] = await dead.receive({ WaitTimeSeconds: 5, MessageSystemAttributeNames: ["All"] });
    expect(letter?.Attributes?.DeadLetterQueueSourceArn).toMatch(new RegExp(`:${queue.name}$`));
  },
  async "ElasticMQ 65: a long poll gets a delayed message that is due meanwhile"() {
    const queue = await sqsQueue();
    await queue.send("late", { DelaySeconds: 1 });
    expect(texts(await queue.receive({ WaitTimeSeconds: 12 }))).toEqual(["late"]);
  },
  async "ElasticMQ 324: a handle that is none is an error of a deletion"() {
    const queue = await sqsQueue();
    await expect(queue.remove({ ReceiptHandle: "fake" })).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
  },
  async "ElasticMQ 582, 673: dead letters arrive in a queue that delays messages, and whose name has underscores"() {
    const dead = await open.makeQueue({ delaySeconds: 2 }, "dlq_some_queue");
    const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1, delaySeconds: 0 });
    await queue.send({ body: 1 });
    await kill(queue);
    expect([(await queue.counts()).length, (await dead.counts()).length]).toEqual([0, 1]);
    expect(bodies(await dead.receive({ waitSeconds: 10 }))).toEqual([1]);
  },
  async "ElasticMQ 618: a deleted dead letter stays deleted when another process uses the queues"() {
    const dead = await open.makeQueue();
    const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
    const [id] = await queue.send({ body: 1 });
    await kill(queue);
    expect((await open.request("DELETE", `${dead.path}/messages/${id}`)).status).toBe(204);
    await using other = await openQueue({ prefix: open.prefix, people: open.people });
    for (const { path } of [queue, dead, queue]) {
      const shown = (await other.request("GET", path)).json<{ counts: { length: number } }>();
      expect(shown.counts.length).toBe(0);
    }
  },
  async "ElasticMQ 13: the digest of a body with quotes, backslashes and other scripts is that of its bytes"() {
    const queue = await sqsQueue();
    const body = '{"Body":"{\\"Event\\":\\"{\\\\\\"EmailSubject\\\\\\":\\\\\\"Toolbox – reset пароль\\\\\\"}\\"}"}';
    await queue.send(body); // The SDK compares the digests.
    expect(texts(await queue.receive())).toEqual([body]);
  },
  async "BullMQ 3232: removing an earlier message does not release the deduplication of a later one"() {
    const queue = await open.makeQueue({ dedupeUntilAcked: true, maxReceives: 1 });
    const [first] = await queue.send({ body: 1, dedupeId: "x" });
    await kill(queue);
    const [second] = await queue.send({ body: 2, dedupeId: "x", delaySeconds: 600 });
    expect(second).not.toBe(first);
    expect((await open.request("DELETE", `${queue.path}/messages/${first}`)).status).toBe(204);
    expect(await queue.send({ body: 3, dedupeId: "x" })).toEqual([second]);
  },
  async "BullMQ 4311, 1662: a failed message that was removed does not block its deduplication id"() {
    const queue = await open.makeQueue({ dedupeUntilAcked: true, maxReceives: 1 });
    const [first] = await queue.send({ body: 1, dedupeId: "x" });
    await queue.receive();
    await open.request("DELETE", `${queue.path}/messages/${first}`);
    expect(await queue.send({ body: 2, dedupeId: "x" })).not.toEqual([first]);
  },
  async "BullMQ 2876, 2889, Bull 1003: a schedule that is put at each start is one schedule"() {
    const queue = await open.makeQueue();
    const body = { cron: "*/5 * * * *", queue: queue.name, body: "tick" };
    const path = `/queue/schedules/${queue.name}`;
    const due = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
    await open.request("PUT", path, { body });
    await open.redis.zadd(scheduleKeys.times, due, queue.name);
    for (let i = 0; i < 10; i++) await open.request("PUT", path, { body });
    await open.redis.zadd(scheduleKeys.times, due, queue.name);
    open.deps.leader.start();
    await until(
      async () => (await open.request("GET", path)).json<{ lastFireAt: string | null }>().lastFireAt !== null,
    );
    expect((await queue.counts()).length).toBe(1);
    const next = (await open.request("GET", path)).json<{ nextFireAt: string }>().nextFireAt;
    expect(Date.parse(next), "BullMQ 1489, 3499: it has a next time").toBeGreaterThan(Date.now());
  },
  async "Bull 850: a receiver whose lease ended cannot ack, and the next one has the whole message"() {
    const queue = await open.makeQueue();
    await queue.send({ body: { whole: true } });
    const late = await queue.receive();
    await endLeases(queue);
    const next = await queue.receive();
    expect(next).toMatchObject([{ body: { whole: true }, receives: 2 }]);
    expect(await queue.settle("ack", receipts(late))).toEqual(["not-found"]);
    expect(await queue.settle("ack", receipts(next))).toEqual(["ok"]);
  },
  async "Bull 983: removing messages of a priority keeps the order of the others"() {
    const queue = await open.makeQueue();
    const ids = await queue.send(...[1, 9, 5, 9, 0].map((priority, body) => ({ body, priority })));
    await open.request("DELETE", `${queue.path}/messages/${ids[1]}`);
    await queue.send({ body: 5, priority: 9 });
    expect(bodies(await queue.receive())).toEqual([3, 5, 2, 0, 4]);
  },
  async "Bull 1822: a message that fails for good does not hold up delayed ones"() {
    const queue = await open.makeQueue({ maxReceives: 1 });
    await queue.send({ body: "poison" }, { body: "later", delaySeconds: 600 });
    await kill(queue);
    await queue.pass(600_000, "delayed");
    expect(bodies(await queue.receive())).toEqual(["later"]);
  },
  async "Sidekiq 2499: a unique message that is delayed is no duplicate of itself when it is due"() {
    const queue = await open.makeQueue({ dedupeUntilAcked: true });
    const [id] = await queue.send({ body: 1, dedupeId: "x", delaySeconds: 600 });
    await queue.pass(600_000, "delayed");
    expect(await queue.receive()).toMatchObject([{ id, body: 1 }]);
  },
  async "Sidekiq 843, 3889: many messages that are due at once arrive, each once, and one that is ready waits for none"() {
    const queue = await open.makeQueue();
    for (let i = 0; i < 12; i++) {
      await queue.send(...Array.from({ length: 100 }, (_, body) => ({ body, delaySeconds: 600 })));
    }
    await queue.pass(600_000, "delayed");
    await queue.send({ body: "now", priority: 9 });
    const found = await queue.receive();
    expect(found[0]?.body).toBe("now");
    for (let more = found; more.length > 0; more = await queue.receive()) if (more !== found) found.push(...more);
    expect([found.length, new Set(found.map(({ id }) => id)).size]).toEqual([1201, 1201]);
  },
  async "NATS 7302: a duplicate does not extend the time of the first message"() {
    const queue = await open.makeQueue({ dedupeSeconds: 120 });
    const [first] = await queue.send({ body: 1, dedupeId: "x" });
    await open.redis.zincrby(queue.key("dedupe-times"), -61_000, "x");
    expect(await queue.send({ body: 2, dedupeId: "x" })).toEqual([first]);
    await open.redis.zincrby(queue.key("dedupe-times"), -61_000, "x");
    expect(await queue.send({ body: 3, dedupeId: "x" })).not.toEqual([first]);
  },
  async "NATS 6782: a purge leaves no deduplication ids behind when they are kept until the message is gone"() {
    const queue = await open.makeQueue({ dedupeUntilAcked: true });
    const [first] = await queue.send({ body: 1, dedupeId: "x" });
    await open.request("POST", `${queue.path}/purge`, { as: open.people.staff });
    expect(await queue.send({ body: 2, dedupeId: "x" })).not.toEqual([first]);
    expect(await open.redis.hlen(queue.key("dedupe-ids"))).toBe(1);
  },
  async "NATS 4956, 5564: the last receive ends at once as a dead letter, also with a delay"() {
    const queue = await open.makeQueue({ maxReceives: 3 });
    await queue.send({ body: 1 });
    for (let i = 0; i < 3; i++) {
      await queue.settle("nack", receipts(await queue.receive()), { delaySeconds: i < 2 ? 0 : 60 });
    }
    expect(await queue.counts()).toMatchObject({ dead: 1, delayed: 0, ready: 0 });
  },
  async "NATS 6538, 7817: dead letters are all there, however often they are looked at"() {
    const queue = await open.makeQueue({ maxReceives: 1 });
    const ids = await queue.send(...Array.from({ length: 50 }, (_, body) => ({ body })));
    await kill(queue);
    for (let i = 0; i < 3; i++) {
      await open.request("GET", `${queue.path}/messages/${ids[i]}`);
      expect((await listed(queue, "dead")).map(({ id }) => id).sort()).toEqual(ids.slice().sort());
    }
  },
  async "NATS 4726, 5856: the back-off holds for a nack as for a lease that ends"() {
    const queue = await open.makeQueue({ backoffSeconds: 600, maxBackoffSeconds: 600 });
    await queue.send({ body: 1 });
    await kill(queue);
    await kill(queue);
    expect(await queue.receive()).toEqual([]);
    expect(await queue.counts()).toMatchObject({ delayed: 1 });
  },
  async "RabbitMQ 18: a dead letter does not expire at the time at which it would have expired before"() {
    const dead = await open.makeQueue({ retentionSeconds: 60 });
    const queue = await open.makeQueue({ retentionSeconds: 60, deadLetterQueue: dead.name, maxReceives: 1 });
    await queue.send({ body: 1 });
    await queue.pass(50_000, "ages");
    await kill(queue);
    await dead.pass(50_000, "ages");
    expect(bodies(await dead.receive())).toEqual([1]);
  },
  async "RabbitMQ 216: a message becomes a dead letter more than twice"() {
    const last = await open.makeQueue();
    const third = await open.makeQueue({ deadLetterQueue: last.name, maxReceives: 1 });
    const second = await open.makeQueue({ deadLetterQueue: third.name, maxReceives: 1 });
    const first = await open.makeQueue({ deadLetterQueue: second.name, maxReceives: 1 });
    const [id] = await first.send({ body: 1 });
    for (const queue of [first, second, third]) await kill(queue);
    expect(await last.receive()).toMatchObject([{ id, body: 1 }]);
  },
  async "RabbitMQ 2007: a message with a short delay does not wait behind one with a long delay"() {
    const queue = await open.makeQueue();
    await queue.send({ body: "hour", delaySeconds: 3600 }, { body: "minutes", delaySeconds: 180 });
    await queue.pass(180_000, "delayed");
    expect(bodies(await queue.receive())).toEqual(["minutes"]);
  },
  async "RabbitMQ 10718, 10692: messages expire in a queue without receivers, and the counts say so"() {
    const queue = await open.makeQueue({ retentionSeconds: 60 });
    await queue.send({ body: 1 }, { body: 2 }, { body: 3, delaySeconds: 600 });
    await queue.pass(61_000, "ages");
    expect(await queue.counts()).toMatchObject({ ready: 0, length: 1 });
  },
  async "RabbitMQ 8495: the limit of a dead-letter queue loses no dead letter"() {
    const dead = await open.makeQueue({ maxLength: 1 });
    const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
    await queue.send({ body: 1 }, { body: 2 }, { body: 3 });
    await kill(queue);
    const [left, moved] = [await queue.counts(), await dead.counts()];
    expect(Number(left.length) + Number(moved.length)).toBe(3);
    const refused = await open.request("POST", `${dead.path}/messages`, { body: { body: 4 } });
    expect(refused.status).toBe(409);
  },
};

it.each(Object.entries(reports))("%s", async (_, replay) => {
  await replay();
});
