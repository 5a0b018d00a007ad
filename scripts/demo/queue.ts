import { randomBytes } from "node:crypto";
import { must, type Visitor } from "./visitor.ts";

/** The default queue with push and pop, and a named queue with receipts, created for this and removed afterwards. */
export async function queue(_anyone: Visitor, admin: Visitor): Promise<void> {
  const { count } = (await admin.call("GET", "/queue/count")).json<{ count: number }>();
  if (count === 0) await pushAndPop(admin);
  else console.log(`${count} messages of yours are in the queue and a pop would remove them: skipped.\n`);
  await namedQueue(admin);
}

async function pushAndPop(admin: Visitor): Promise<void> {
  const messages = [{ order: 1, total: 25.5 }, "any JSON value will do"];
  for (const message of messages) await admin.call("POST", "/queue/push", { json: message, expect: [201] });
  for (const message of messages) {
    const popped = (await admin.call("POST", "/queue/pop")).json<{ message: unknown }>().message;
    must(JSON.stringify(popped) === JSON.stringify(message), "messages come out in the order in which they went in");
  }
  const { message } = (await admin.call("POST", "/queue/pop")).json<{ message: unknown }>();
  must(message === null, "the queue is empty afterwards");
}

async function namedQueue(admin: Visitor): Promise<void> {
  const path = `/queue/queues/demo-${randomBytes(4).toString("hex")}`;
  await admin.call("PUT", path, { json: { visibilitySeconds: 30 }, expect: [200, 201] });
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await admin.call("DELETE", path, { expect: [204] });
  });
  const messages = [{ body: { order: 1 } }, { body: { order: 2 } }];
  await admin.call("POST", `${path}/messages`, { json: { messages }, expect: [201] });
  const received = await admin.call("POST", `${path}/receive`, { json: { max: 10, waitSeconds: 1 } });
  const receipts = received.json<{ messages: { receipt: string }[] }>().messages.map(({ receipt }) => receipt);
  must(receipts.length === 2, "both messages are received");
  await admin.call("POST", `${path}/ack`, { json: { receipts } });
}
