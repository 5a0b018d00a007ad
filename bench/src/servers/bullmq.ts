// BullMQ with what it recommends for many jobs: `bullmq.ts COUNT` adds so many jobs by 100 while a worker processes 100 at a time, and prints
// jobs per second. Reads `REDIS_URL`.
import { randomUUID } from "node:crypto";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const batch = 100;
const adders = 4;
const count = Number(process.argv[2]);
const open = () => new Redis(process.env.REDIS_URL ?? "", { maxRetriesPerRequest: null });
const options = { prefix: `bench-${randomUUID()}` };
const connections = [open(), open()] as const;
const queue = new Queue("orders", { ...options, connection: connections[0] });

const done = new Set<number>();
let all = Promise.withResolvers<void>();
let expected = 0;
const worker = new Worker<{ n: number }>(
  "orders",
  async (job) => {
    done.add(job.data.n);
    if (done.size === expected) all.resolve();
  },
  { ...options, connection: connections[1], concurrency: batch, removeOnComplete: { count: 0 } },
);
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);

async function addAndProcess(jobs: number): Promise<number> {
  done.clear();
  all = Promise.withResolvers();
  expected = jobs;
  const started = performance.now();
  let next = 0;
  const add = async () => {
    while (next < jobs) {
      const numbers = Array.from({ length: Math.min(batch, jobs - next) }, () => next++);
      await queue.addBulk(numbers.map((n) => ({ name: "order", data: { n, task: "resize", size: [640, 480] } })));
    }
  };
  await Promise.all([...Array.from({ length: adders }, add), all.promise]);
  return jobs / ((performance.now() - started) / 1000);
}

await addAndProcess(Math.ceil(count / 5)); // Warm-up.
console.log(await addAndProcess(count));
await worker.close();
await queue.obliterate({ force: true });
await queue.close();
for (const connection of connections) connection.disconnect();
