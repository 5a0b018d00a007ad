import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { type OpenQueue, openQueue, type Received } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

it("fifty receivers get each message once while its lease lasts", async () => {
  const queue = await open.makeQueue();
  const total = 1000;
  const seen: Received[] = [];
  const receiver = async (max: number) => {
    while (seen.length < total) {
      const found = await queue.receive({ max, waitSeconds: 1 });
      seen.push(...found);
      if (found.length === 0) continue;
      const receipts = found.map((message) => message.receipt);
      expect(new Set(await queue.settle("ack", receipts))).toEqual(new Set(["ok"]));
    }
  };
  const receivers = Array.from({ length: 50 }, (_, i) => receiver(1 + (i % 10)));
  const senders = Array.from({ length: 20 }, async (_, sender) => {
    for (let i = 0; i < 5; i++) {
      await queue.send(...Array.from({ length: 10 }, (_, j) => ({ body: [sender, i * 10 + j] })));
    }
  });
  await Promise.all([...senders, ...receivers]);
  expect(seen.length).toBe(total);
  expect(new Set(seen.map((message) => message.id)).size).toBe(total);
  expect(seen.every((message) => message.receives === 1)).toBe(true);
  expect((await queue.counts()).length).toBe(0);
});

it("a group is processed in order by any number of receivers", async () => {
  const queue = await open.makeQueue();
  const groups = ["a", "b", "c"];
  const done = new Map(groups.map((group): [string, number[]] => [group, []]));
  const each = 40;
  const out = new Set<string>();
  const isDone = () => groups.every((group) => done.get(group)?.length === each);
  const receiver = async () => {
    while (!isDone()) {
      for (const { groupId, body, receipt } of await queue.receive({ max: 5, waitSeconds: 1 })) {
        const group = groupId ?? "";
        expect(out.has(group)).toBe(false);
        out.add(group);
        await new Promise((resolve) => setImmediate(resolve));
        done.get(group)?.push(Number(body));
        out.delete(group);
        await queue.settle("ack", [receipt]);
      }
    }
  };
  const sending = async () => {
    for (let i = 0; i < each; i++) await queue.send(...groups.map((groupId) => ({ body: i, groupId })));
  };
  await Promise.all([sending(), ...Array.from({ length: 12 }, receiver)]);
  for (const group of groups) expect(done.get(group)).toEqual(Array.from({ length: each }, (_, i) => i));
});

it("a killed process loses nothing: its messages are there, and those it leased come back when the leases end", async () => {
  const queue = await open.makeQueue({ visibilitySeconds: 1 });
  const ids = await queue.send({ body: 1 }, { body: 2 }, { body: 3 });
  const sent = await killedProcess(queue.name);
  const back: Received[] = [];
  await until(async () => {
    back.push(...(await queue.receive({ waitSeconds: 5, visibilitySeconds: 60 })));
    return back.length === ids.length + 1;
  });
  const receives = new Map(back.map((message) => [message.id, message.receives]));
  expect(receives).toEqual(new Map([[sent, 1], ...ids.map((id): [string, number] => [id, 2])]));
});

it("leases follow the Redis clock: a process clock that is a day ahead, and set back, neither ends nor prolongs any", async () => {
  const queue = await open.makeQueue({ visibilitySeconds: 1 });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
  try {
    await queue.send({ body: "kept" });
    expect(await queue.receive()).toHaveLength(1);
    expect(await queue.receive()).toEqual([]);
    vi.useRealTimers();
    expect(await queue.receive()).toEqual([]);
    const [again] = await queue.receive({ waitSeconds: 5 });
    expect(again).toMatchObject({ body: "kept", receives: 2 });
    expect(Math.abs(Date.parse(again?.sentAt ?? "") - Date.now())).toBeLessThan(60_000);
  } finally {
    vi.useRealTimers();
  }
});

/** Runs a process that receives all messages of the queue, never acks, sends one message, and is then killed. Returns that message's id. */
async function killedProcess(queue: string): Promise<string> {
  const program = fileURLToPath(new URL("killed-process.ts", import.meta.url));
  const child = spawn(process.execPath, [program, queue], {
    env: { ...process.env, REDIS_URL: inject("redisUrl"), REDIS_PREFIX: open.prefix },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  return String(line);
}
