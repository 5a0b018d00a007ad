// One of several processes that use the same queues at the same time, until it is killed. It leases, nacks, acks and redrives messages of
// `queues`, sends to and consumes `ordered`, and writes what it sends and acks to standard output before and after.
import { system } from "../src/commands/caller.ts";
import { ack, nack } from "../src/messages/leases.ts";
import { type ReceivedMessage, receive } from "../src/messages/receive.ts";
import { sendMessages } from "../src/messages/send.ts";
import { startRedrive } from "../src/transfers/redrives.ts";
import { processDeps } from "./process-deps.ts";
import { seededRandom } from "./seeded-random.ts";

const { queues, ordered, seed } = JSON.parse(process.argv[2] ?? "") as {
  queues: string[];
  ordered?: string;
  seed: number;
};
const one = seededRandom(seed);
const deps = processDeps();
deps.sweep.start();
console.log("runs");

const take = (queue: string, waitSeconds = 0) =>
  receive(
    deps,
    queue,
    { max: 1 + one(9), waitSeconds },
    { signal: new AbortController().signal, beginWaiting: () => {} },
  );

const use = async () => {
  const queue = queues[one(queues.length)] ?? "";
  if (one(5) === 0) {
    if (one(2) === 0) await deps.transfers.redrive(queue);
    // It rejects while one is running.
    else await startRedrive(deps, queue, { perSecond: 1 + one(1000) }, system).catch(() => {});
    return;
  }
  const found = await take(queue);
  for (const { id, receipt } of found) {
    if (one(60) === 0) {
      console.log(`acking ${id}`);
      const [result] = await ack(deps.commands, queue, [receipt]);
      if (result?.status === "ok") console.log(`acked ${id}`);
    } else if (one(4) === 0) await nack(deps, queue, [receipt], 0);
  }
  const rest = found.map(({ receipt }) => receipt);
  if (rest.length > 0) await nack(deps, queue, rest, 0);
};

/** Sends the numbers of a group of its own, one after the other. */
const send = async (queue: string, groupId: string) => {
  for (let number = 1; ; number++) {
    const payload = `"${groupId} ${number}"`;
    const tenantId = `t${one(3)}`;
    await sendMessages(deps.commands, queue, [{ payload, groupId, tenantId, priority: 0 }]);
    console.log(`sent ${groupId} ${number}`);
  }
};

/** Acks what it receives in the order of each group; a group of which it returned or lost a message waits for the next receive. */
const consume = async (queue: string) => {
  for (;;) {
    const found = await take(queue, 1);
    for (const messages of Map.groupBy(found, ({ groupId }) => groupId).values()) await consumeGroup(queue, messages);
  }
};

const consumeGroup = async (queue: string, messages: ReceivedMessage[]) => {
  for (const [i, { payload, receipt }] of messages.entries()) {
    const [group, number] = JSON.parse(payload).split(" ");
    if (one(6) === 0) {
      const rest = messages.slice(i).map((message) => message.receipt);
      return void (await nack(deps, queue, rest, one(2) * 0.05));
    }
    // One that is killed in between does not know whether it took the message; the time tells its try from others.
    const taking = `${group} ${number} ${process.hrtime.bigint()}`;
    console.log(`taking ${taking}`);
    const [result] = await ack(deps.commands, queue, [receipt]);
    if (result?.status !== "ok") return;
    console.log(`took ${taking}`);
  }
};

await Promise.all([
  ...Array.from({ length: 4 }, async () => {
    for (;;) await use();
  }),
  ...(ordered === undefined
    ? []
    : [send(ordered, `${process.pid}-a`), send(ordered, `${process.pid}-b`), consume(ordered), consume(ordered)]),
]);
