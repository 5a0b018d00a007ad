// One of several processes that use the same queues at the same time, until it is killed. Its messages are leased, given back, acked and
// sent back from dead-letter queues; what it acks is said on standard output before and after.
import { randomBytes } from "node:crypto";
import { type Auth, siteAt } from "@quintet/auth";
import { createLogger } from "@quintet/http";
import { createDeps, loadConfig } from "../src/index.ts";
import { ack, nack } from "../src/leases.ts";
import { receive } from "../src/receive.ts";

const { queues, acks } = JSON.parse(process.argv[2] ?? "") as { queues: string[]; acks: boolean };
const config = loadConfig({ ...process.env, QUINTET_SECRET: randomBytes(32).toString("hex") });
const nobody: Auth = {
  site: siteAt("http://localhost:8080", { check: () => false }),
  access: async () => undefined,
  verifyToken: async () => undefined,
  verifyPassword: async () => undefined,
  passwordGrant: async () => undefined,
  register: () => Promise.reject(new Error("Nobody signs in here.")),
  beginAction: () => Promise.reject(new Error("Nobody is staff here.")),
  [Symbol.asyncDispose]: async () => {},
};
const deps = createDeps(config, { log: createLogger({ service: "queue", level: "silent" }), auth: nobody });
deps.sweep.start();
console.log("runs");

const one = (max: number) => Math.floor(Math.random() * max);
const use = async () => {
  const queue = queues[one(queues.length)] ?? "";
  if (one(5) === 0) return void (await deps.moves.redrive(queue));
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
