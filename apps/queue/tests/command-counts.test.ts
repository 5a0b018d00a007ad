import { connect } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { connectRedis } from "@quintet/db";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { queueKey } from "../src/keys.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
  await open.deps.sweep[Symbol.asyncDispose](); // It uses the queues as well.
});
afterAll(() => open[Symbol.asyncDispose]());

/** The Redis commands of each script that ran on a queue meanwhile, by name; the commands of one script stand together. */
async function scriptsOn(queue: string, work: () => Promise<unknown>): Promise<string[][]> {
  const client = connectRedis(inject("redisUrl"), { prefix: "", onError: () => {} });
  await using monitor = await openMonitor();
  const mark = `${open.prefix}end`;
  const scripts: string[][] = [];
  let current: string[] | undefined;
  let ended = false;
  monitor.on("line", (line) => {
    // +<time> [<database> <client, or lua>] "command" "argument" …
    const [, source, texts = ""] = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line) ?? [];
    const args = [...texts.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? "");
    if (source === "lua") return void current?.push(args[0]?.toUpperCase() ?? "");
    current = undefined;
    if (args[1] === mark) ended = true;
    if (/^evalsha?$/i.test(args[0] ?? "") && args[3] === `${open.prefix}queue:${queueKey(queue, "settings")}`) {
      current = [];
      scripts.push(current);
    }
  });
  await work();
  await client.exists(mark);
  await until(async () => ended);
  client.disconnect();
  return scripts;
}

/** The lines of MONITOR. The driver's own monitor loses its place when a command of somebody else comes with the reply. */
async function openMonitor(): Promise<Interface & AsyncDisposable> {
  const { hostname, port, username, password } = new URL(inject("redisUrl"));
  const socket = connect(Number(port), hostname);
  const lines = createInterface(socket);
  const auth = password ? `AUTH ${username || "default"} ${password}\r\n` : "";
  const replies = auth ? 2 : 1;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let seen = 0;
  lines.on("line", (line) => {
    if (line.startsWith("-")) reject(new Error(line));
    if (++seen === replies) resolve();
  });
  socket.on("error", reject);
  socket.write(`${auth}MONITOR\r\n`);
  await promise;
  return Object.assign(lines, { [Symbol.asyncDispose]: async () => void socket.destroy() });
}

it.each([1, 100])(
  "a receive that finds nothing is 4 commands; send, receive and ack of %i messages are 12 each",
  async (size) => {
    const queue = await open.makeQueue();
    const use = {
      send: () => queue.send(...Array.from({ length: size }, (_, i) => ({ body: i }))),
      receive: () => queue.receive(),
      ack: (receipts: string[]) => queue.settle("ack", receipts),
    };
    const receiptsOf = (messages: { receipt: string }[]) => messages.map(({ receipt }) => receipt);
    // The first use of a queue records what it counts.
    await use.send();
    await use.ack(receiptsOf(await use.receive()));

    let receipts: string[] = [];
    const scripts = {
      "empty receive": await scriptsOn(queue.name, use.receive),
      send: await scriptsOn(queue.name, use.send),
      receive: await scriptsOn(queue.name, async () => {
        receipts = receiptsOf(await use.receive());
      }),
      ack: await scriptsOn(queue.name, () => use.ack(receipts)),
    };
    expect(receipts).toHaveLength(size);
    for (const [name, bound] of Object.entries({ "empty receive": 4, send: 12, receive: 12, ack: 12 })) {
      const [commands = [], ...others] = scripts[name as keyof typeof scripts];
      expect(others, `${name} is one script`).toEqual([]);
      expect(commands.length, `${name}: ${commands.join(" ")}`).toBeLessThanOrEqual(bound);
      expect(commands.length, name).toBeGreaterThan(0);
      expect(commands, `${name} announces to nobody`).not.toContain("PUBLISH");
    }
  },
);
