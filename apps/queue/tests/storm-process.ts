// One of several processes that use the same queues at the same time, until it is killed. It leases, nacks, acks and redrives messages,
// and writes what it acks to standard output before and after.
import { system } from "../src/commands/caller.ts";
import { ack, nack } from "../src/messages/leases.ts";
import { receive } from "../src/messages/receive.ts";
import { startRedrive } from "../src/transfers/redrives.ts";
import { processDeps } from "./process-deps.ts";

const { queues, acks } = JSON.parse(process.argv[2] ?? "") as { queues: string[]; acks: boolean };
const deps = processDeps();
deps.sweep.start();
console.log("runs");

const one = (max: number) => Math.floor(Math.random() * max);
const use = async () => {
  const queue = queues[one(queues.length)] ?? "";
  if (one(5) === 0) {
    if (one(2) === 0) await deps.transfers.redrive(queue);
    // It rejects while one is running.
    else await startRedrive(deps, queue, { perSecond: 1 + one(1000) }, system).catch(() => {});
    return;
  }
  const found = await receive(
    deps,
    queue,
    { max: 1 + one(9), waitSeconds: 0 },
    {
      signal: new AbortController().signal,
      beginWaiting: () => {},
    },
  );
  for (const { id, receipt } of found) {
    if (acks && one(60) === 0) {
      console.log(`acking ${id}`);
      const [result] = await ack(deps.commands, queue, [receipt]);
      if (result?.status === "ok") console.log(`acked ${id}`);
    } else if (one(4) === 0) await nack(deps, queue, [receipt], 0);
  }
  const rest = found.map(({ receipt }) => receipt);
  if (rest.length > 0) await nack(deps, queue, rest, 0);
};
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (;;) await use();
  }),
);
