import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

const full = process.env.QUINTET_FAULTS === "full";
const program = fileURLToPath(new URL("storm-process.ts", import.meta.url));

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

/** A process that uses the queues until it is killed, and its output. */
async function start(settings: object, said: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    env: { ...process.env, REDIS_URL: inject("redisUrl"), REDIS_PREFIX: open.prefix },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout! }).on("line", (line) => said.push(line));
  await once(lines, "line");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, "close"); // Its output has been read to the end.
  child.kill("SIGKILL");
  await closed;
}

/** The ids of the messages in queues, once no redrive is running, no lease is left and nothing is being transferred. */
async function idsIn(queues: NamedQueue[]): Promise<string[]> {
  for (const { path } of queues) {
    const { redrives } = (await open.request("GET", `${path}/redrives`)).json<{ redrives: { id: string }[] }>();
    for (const { id } of redrives) await open.request("DELETE", `${path}/redrives/${id}`);
  }
  await until(async () => {
    const counts = await Promise.all(queues.map((queue) => queue.counts()));
    return counts.every(({ leased }) => leased === 0);
  });
  for (const queue of [...queues, ...queues]) await queue.counts();
  for (const queue of queues) expect(await open.redis.zcard(queue.key("outbox"))).toBe(0);
  return (await Promise.all(queues.map((queue) => open.redis.hkeys(queue.key("records"))))).flat();
}

it("processes that transfer messages concurrently, and are killed, lose and duplicate none", async () => {
  const last = await open.makeQueue({ visibilitySeconds: 1 });
  const middle = await open.makeQueue({ visibilitySeconds: 1, deadLetterQueue: last.name, maxReceives: 1 });
  const first = await open.makeQueue({ visibilitySeconds: 1, deadLetterQueue: middle.name, maxReceives: 1 });
  const queues = [first, middle, last];
  const sent: string[] = [];
  for (let i = 0; i < 5; i++) {
    const messages = Array.from({ length: 20 }, (_, j) => ({
      body: j,
      ...(j % 4 === 0 ? { groupId: `g${j % 8}` } : {}),
    }));
    sent.push(...(await first.send(...messages)));
  }
  const said: string[] = [];
  const settings = { queues: queues.map(({ name }) => name), acks: true };
  const children = await Promise.all([start(settings, said), start(settings, said)]);
  const end = Date.now() + (full ? 120_000 : 6_000);
  while (Date.now() < end) {
    await delay(200 + Math.random() * 800);
    for (const queue of queues) await queue.counts(); // This checks the conservation of messages.
    const which = Math.floor(Math.random() * children.length);
    await kill(children[which]!);
    children[which] = await start(settings, said);
  }
  await Promise.all(children.map(kill));
  const left = await idsIn(queues);
  expect(left.length, "in two places").toBe(new Set(left).size);
  const says = (word: string) =>
    said.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const acked = says("acked");
  expect(acked.length).toBeGreaterThan(0);
  expect(
    acked.filter((id) => left.includes(id)),
    "came back though they were acked",
  ).toEqual([]);
  expect(acked.length, "acked twice").toBe(new Set(acked).size);
  const known = new Set([...left, ...says("acking")]);
  expect(
    sent.filter((id) => !known.has(id)),
    "lost",
  ).toEqual([]);
}, 200_000);
