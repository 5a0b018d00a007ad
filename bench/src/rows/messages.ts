import { execFile } from "node:child_process";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { type AppUnderTest, startApp } from "../app-process.ts";
import { median } from "../interleave.ts";
import { compare, type Row } from "../row.ts";

const bullmq = fileURLToPath(new URL("../servers/bullmq.ts", import.meta.url));
const batch = 100;
/** Clients that send, and as many that receive. */
const clients = 4;
const agent = new Agent({ keepAlive: true });

/** Named queues: throughput by 100 compared with BullMQ, the delay of a waiting receiver, and memory per message. */
export const messages: Row = {
  name: "messages",
  about: "named queues by 100 messages, a waiting receiver, memory per message",
  async run({ rounds, scale, openStores }) {
    await using app = await startApp("queue", ["mysql", "redis"], { openStores });
    const redis = new Redis(app.redisUrl);
    try {
      await byHundred(app, Math.max(4 * batch, Math.round(50_000 * scale)), rounds);
      await waitingReceiver(app, redis, Math.max(3, Math.round(300 * scale)) * rounds);
      await memory(app, redis, Math.max(batch, Math.round(20_000 * scale)));
    } finally {
      redis.disconnect();
      agent.destroy();
    }
  },
};

/** A named queue of its own. */
async function makeQueue(app: AppUnderTest, name: string) {
  const call = async <T>(method: string, path: string, body: object): Promise<T> => {
    // `fetch` costs the client as much CPU as the server needs for the request.
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = JSON.stringify(body);
    const headers = { Authorization: app.authorization, "Content-Type": "application/json" };
    const options = { agent, method, headers: { ...headers, "Content-Length": Buffer.byteLength(sent) } };
    request(`${app.url}/queue/queues/${name}${path}`, options, resolve).on("error", reject).end(sent);
    const response = await promise;
    const received = await text(response);
    if ((response.statusCode ?? 0) >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${received}`);
    return JSON.parse(received) as T;
  };
  await call("PUT", "", {});
  return {
    send: (bodies: unknown[]) => call("POST", "/messages", { messages: bodies.map((body) => ({ body })) }),
    async receive(waitSeconds: number): Promise<{ body: { n: number }; receipt: string }[]> {
      const found = await call<{ messages: { body: { n: number }; receipt: string }[] }>("POST", "/receive", {
        max: batch,
        waitSeconds,
      });
      return found.messages;
    },
    async ack(receipts: string[]): Promise<void> {
      const { results } = await call<{ results: { status: string }[] }>("POST", "/ack", { receipts });
      if (results.some(({ status }) => status !== "ok")) throw new Error("A lease has ended.");
    },
  };
}

async function byHundred(app: AppUnderTest, count: number, rounds: number): Promise<void> {
  const queue = await makeQueue(app, "by-hundred");
  const sendAndProcess = async (): Promise<number> => {
    const seen = new Set<number>();
    const started = performance.now();
    let next = 0;
    const send = async () => {
      while (next < count) {
        const numbers = Array.from({ length: Math.min(batch, count - next) }, () => next++);
        await queue.send(numbers.map((n) => ({ n, task: "resize", size: [640, 480] })));
      }
    };
    const receive = async () => {
      while (seen.size < count) {
        const received = await queue.receive(1);
        if (received.length > 0) await queue.ack(received.map(({ receipt }) => receipt));
        for (const { body } of received) {
          if (seen.has(body.n)) throw new Error(`Message ${body.n} was delivered twice.`);
          seen.add(body.n);
        }
      }
    };
    await Promise.all(Array.from({ length: clients }, () => [send(), receive()]).flat());
    return count / ((performance.now() - started) / 1000);
  };
  const env = { ...process.env, REDIS_URL: app.redisUrl };
  const variants = [
    {
      name: "BullMQ, addBulk and a worker",
      async measure() {
        const { stdout } = await promisify(execFile)(process.execPath, [bullmq, String(count)], { env });
        return { figure: Number(stdout) };
      },
    },
    {
      name: "send, receive and ack",
      async measure() {
        const before = app.server.cpu();
        const figure = await sendAndProcess();
        return { figure, cpuPerUnit: (app.server.cpu() - before) / count };
      },
    },
  ];
  await sendAndProcess(); // Warm-up.
  await compare(`${count} messages by ${batch}, sent and processed at once`, "messages/s", variants, rounds);
}

/** How long after a message was sent its waiting receiver has it. */
async function waitingReceiver(app: AppUnderTest, redis: Redis, times: number): Promise<void> {
  const queue = await makeQueue(app, "waiting");
  const roundTrips: number[] = [];
  const sends: number[] = [];
  const delays: number[] = [];
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  for (let n = 0; n < times; n++) {
    roundTrips.push(await timed(() => redis.ping()));
    sends.push(await timed(() => queue.send([{ n }])));
    await queue.ack((await queue.receive(0)).map(({ receipt }) => receipt));
    let receivedAt = 0;
    const waiting = queue.receive(20).then((received) => {
      receivedAt = performance.now();
      return received;
    });
    // A receiver without a message has asked Redis before it waits.
    await queue.receive(0);
    await queue.send([{ n }]);
    const sentAt = performance.now();
    const [received] = await waiting;
    if (received?.body.n !== n) throw new Error(`Received ${JSON.stringify(received)} instead of message ${n}.`);
    await queue.ack([received.receipt]);
    delays.push(Math.max(0, receivedAt - sentAt));
  }
  const roundTrip = median(roundTrips);
  const line = (name: string, ms: number) =>
    console.log(`  ${name.padEnd(44)} ${ms.toFixed(3)} ms  ratio ${(ms / roundTrip).toFixed(1)}`);
  console.log(`\nA waiting receiver, median of ${times}`);
  line("Redis round trip", roundTrip);
  line("a send without a receiver", median(sends));
  line("from the response of a send to the receiver's", median(delays));
}

/** The memory of Redis for each message, beside its body. */
async function memory(app: AppUnderTest, redis: Redis, count: number): Promise<void> {
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  console.log(`\nMemory of Redis per message, of ${count}`);
  for (const size of [100, 1000, 10_000]) {
    const queue = await makeQueue(app, `of-${size}`);
    const body = "x".repeat(size - 2);
    const before = await used();
    for (let sent = 0; sent < count; sent += batch) await queue.send(Array.from({ length: batch }, () => body));
    const bytes = ((await used()) - before) / count;
    console.log(`  body of ${String(size).padStart(6)} bytes: ${bytes.toFixed(0).padStart(6)} bytes`);
  }
}
