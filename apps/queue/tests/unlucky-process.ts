// Receives all messages of a queue without acking them, sends one, says its id on standard output, and goes on running.
import { randomBytes } from "node:crypto";
import { type Auth, siteAt } from "@quintet/auth";
import { createLogger } from "@quintet/http";
import { createDeps, loadConfig } from "../src/index.ts";
import { sendMessages } from "../src/messages.ts";
import { receive } from "../src/receive.ts";

const [, , queue = ""] = process.argv;
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
await receive(
  deps,
  queue,
  { max: 100, waitSeconds: 0 },
  { signal: new AbortController().signal, beginWaiting: () => {} },
);
const [sent] = await sendMessages(deps.commands, queue, [{ payload: '"last words"', priority: 0 }]);
console.log(sent?.id);
setInterval(() => {}, 1000);
