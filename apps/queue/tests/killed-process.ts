// Receives all messages of a queue without acking them, sends one, writes its id to standard output, and keeps running.

import { receive } from "../src/messages/receive.ts";
import { sendMessages } from "../src/messages/send.ts";
import { processDeps } from "./process-deps.ts";

const [, , queue = ""] = process.argv;
const deps = processDeps();
await receive(
  deps,
  queue,
  { max: 100, waitSeconds: 0 },
  { signal: new AbortController().signal, beginWaiting: () => {} },
);
const [sent] = await sendMessages(deps.commands, queue, [{ payload: '"last words"', priority: 0 }]);
console.log(sent?.id);
setInterval(() => {}, 1000);
