import { system } from "./commands/caller.ts";
import type { Deps } from "./deps.ts";
import { nack } from "./messages/leases.ts";
import { receive } from "./messages/receive.ts";
import { sendMessages } from "./messages/send.ts";
import { putQueue } from "./queues/queues.ts";
import { settingsInputSchema, withDefaults } from "./queues/settings.ts";

const queue = "demo-orders";
const deadLetterQueue = "demo-orders-failed";
const maxReceives = 3;

/**
 * Creates a queue with four messages and its dead-letter queue with one. Does nothing when the demo data is complete; after an
 * interruption it starts over.
 */
export async function fillDemo(deps: Deps, progress: (line: string) => void): Promise<void> {
  const { registry, commands } = deps;
  if (await registry.isDemoFilled()) return;
  await putQueue(deps, deadLetterQueue, withDefaults(settingsInputSchema.parse({})), system);
  await putQueue(deps, queue, withDefaults(settingsInputSchema.parse({ maxReceives, deadLetterQueue })), system);
  await commands.purge(queue);
  await commands.purge(deadLetterQueue);
  await sendMessages(commands, queue, [{ payload: '{"order":1000,"fault":"no such item"}', priority: 0 }]);
  for (let attempt = 0; attempt < maxReceives; attempt++) {
    const found = await receive(
      deps,
      queue,
      { max: 1, waitSeconds: 0 },
      {
        signal: new AbortController().signal,
        beginWaiting: () => {},
      },
    );
    const receipts = found.map((message) => message.receipt);
    if (receipts.length > 0) await nack(deps, queue, receipts, 0);
  }
  await sendMessages(commands, queue, [
    { payload: '{"order":1001,"item":"coffee","kilograms":2}', priority: 0 },
    { payload: '{"order":1002,"item":"cacao","kilograms":1}', priority: 0, groupId: "customer-7" },
    { payload: '{"order":1003,"item":"panela","kilograms":5}', priority: 0, groupId: "customer-7" },
    { payload: '{"order":1004,"item":"coffee","kilograms":1}', priority: 9 },
  ]);
  await registry.markDemoFilled();
  progress(`Queue ${queue} created with four messages, its dead-letter queue with one.`);
}
