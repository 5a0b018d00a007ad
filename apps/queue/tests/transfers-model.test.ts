import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { system } from "../src/commands/caller.ts";
import { loadCommands, type RunCommand } from "../src/commands/load.ts";
import { type QueueCommands, queueCommands } from "../src/commands/queue-commands.ts";
import { transferCommands } from "../src/commands/transfer-commands.ts";
import { queueKey } from "../src/keys.ts";
import { flowOf } from "../src/queues/flow.ts";
import { settingsInputSchema, toRedisFields, withDefaults } from "../src/queues/settings.ts";
import { createTransfers } from "../src/transfers/transfers.ts";
import { expectConserved, type OpenQueue, openQueue } from "./open-queue.ts";
import { SteppedTransfers } from "./stepped-transfers.ts";

// The Lua files themselves, on the real Redis: several processes deliver, each of whose steps may run at any time, twice, or late.

const full = process.env.QUINTET_FAULTS === "full";
const seed = process.env.QUINTET_SEED === undefined ? {} : { seed: Number(process.env.QUINTET_SEED) };

let open: OpenQueue;
let run: RunCommand;
let made = 0;
beforeAll(async () => {
  open = await openQueue();
  run = loadCommands(open.redis);
});
afterAll(() => open[Symbol.asyncDispose]());

/** Three queues: dead letters of the first go to the second, those of the second to the third. */
class Chain {
  readonly prefix = `${open.prefix}queue:`;
  readonly names = ["first", "second", "third"].map((name) => `${name}${++made}`);
  readonly commands: QueueCommands = queueCommands(open.redis, run, this.prefix, open.deps.allowances);
  readonly steps = transferCommands(run, this.prefix, open.deps.allowances);
  readonly sent = new Set<string>();
  /** The ids that must never appear again. */
  readonly done = new Set<string>();
  private readonly deliverers = [0, 1, 2].map(() => this.deliverer());

  private deliverer(): SteppedTransfers {
    return new SteppedTransfers(this.steps, this.commands.exists);
  }

  async make(at: number): Promise<void> {
    const deadLetterQueue = this.names[at + 1];
    const settings = settingsInputSchema.parse(deadLetterQueue ? { deadLetterQueue, maxReceives: 1 } : {});
    await this.commands.configure(this.names[at]!, toRedisFields(withDefaults(settings)));
  }

  async remove(at: number): Promise<void> {
    const ids = await this.idsIn(at);
    if ((await this.commands.delete(this.names[at]!)) === "deleted") for (const id of ids) this.done.add(id);
  }

  async send(groups: string[]): Promise<void> {
    const messages = groups.map((groupId) => ({
      id: crypto.randomUUID(),
      payload: "1",
      delayMs: undefined,
      dedupeId: "",
      groupId,
      priority: 0,
    }));
    const sent = await this.commands.send(this.names[0]!, messages);
    if (Array.isArray(sent)) for (const { id } of sent) this.sent.add(id);
  }

  /** Leases a message and acks it, or nacks it, which makes it a dead letter. */
  async use(at: number, verb: "ack" | "nack"): Promise<void> {
    const queue = this.names[at]!;
    const found = await this.commands.claim(queue, { max: 1, visibilityMs: 60_000, lease: `lease${++made}` });
    for (const { id } of found?.messages ?? []) {
      expect(this.done.has(id), "came back").toBe(false);
      const deliveries = [{ id, lease: `lease${made}` }];
      if (verb === "nack") await this.commands.release(queue, deliveries, { delayMs: 0, uncounted: false });
      else {
        expect(await this.commands.ack(queue, deliveries)).toEqual([true]);
        this.done.add(id);
      }
    }
  }

  /** Starts a redrive. */
  async redrive(at: number): Promise<void> {
    const known = new Map(this.names.map((name) => [name, true]));
    await this.steps.redrive(this.names[at]!, {
      caller: system,
      redrive: "",
      max: 2,
      to: "",
      all: false,
      ids: [],
      known,
    });
  }

  async expectConserved(): Promise<void> {
    for (const name of this.names) {
      const state = await this.commands.refresh(name);
      if (state) expectConserved({ counts: { length: state.length }, flow: flowOf(state) });
    }
  }

  step(which: number, at: number, times: number): Promise<void> {
    return this.deliverers[which]!.step(this.names[at]!, times);
  }

  /** Delivers everything, then lets the slow processes run their late steps: each time, every message must be where it belongs. */
  async end(): Promise<void> {
    await this.check();
    for (const deliverer of this.deliverers) await deliverer.finish();
    await this.check();
  }

  async deliver(at: number): Promise<void> {
    await createTransfers(this.steps, this.commands.exists).deliver(this.names[at]!);
  }

  private async check(): Promise<void> {
    await this.expectConserved();
    for (const at of [0, 1, 2, 0, 1, 2]) await this.deliver(at);
    const left = (await Promise.all(this.names.map((_, at) => this.idsIn(at)))).flat();
    expect(left.toSorted()).toEqual([...this.sent].filter((id) => !this.done.has(id)).toSorted());
  }

  /** The ids of the messages in a queue that are not in its outbox. */
  private async idsIn(at: number): Promise<string[]> {
    const [all, moving] = await Promise.all([
      open.redis.hkeys(queueKey(this.names[at]!, "records")),
      open.redis.zrange(queueKey(this.names[at]!, "outbox"), "0", "-1"),
    ]);
    return all.filter((id) => !moving.includes(id));
  }
}

const queue = fc.nat(2);
const deed = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ send: fc.array(fc.constantFrom("", "", "g", "h"), { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 4, arbitrary: fc.record({ nack: queue }) },
  { weight: 1, arbitrary: fc.record({ ack: queue }) },
  { weight: 3, arbitrary: fc.record({ redrive: fc.constantFrom(1, 2) }) },
  { weight: 14, arbitrary: fc.record({ step: fc.nat(2), at: queue, times: fc.constantFrom(1, 1, 2) }) },
  { weight: 1, arbitrary: fc.record({ remove: queue }) },
  { weight: 1, arbitrary: fc.record({ make: queue }) },
);

it("loses and duplicates nothing, in whatever order processes run the steps of transfers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 30, maxLength: 80, size: "max" }), async (deeds) => {
      const chain = new Chain();
      for (const at of [2, 1, 0]) await chain.make(at);
      await chain.send(["", "g", "g"]);
      for (const one of deeds) {
        await chain.expectConserved();
        if ("send" in one) await chain.send(one.send);
        else if ("nack" in one) await chain.use(one.nack, "nack");
        else if ("ack" in one) await chain.use(one.ack, "ack");
        else if ("redrive" in one) await chain.redrive(one.redrive);
        else if ("step" in one) await chain.step(one.step, one.at, one.times);
        else if ("remove" in one) await chain.remove(one.remove);
        else await chain.make(one.make);
      }
      await chain.end();
    }),
    { numRuns: full ? 3000 : 25, ...seed },
  );
}, 1_000_000);

/** All interleavings of lists, each in its own order. */
function* merged<T>(lists: T[][]): Generator<T[]> {
  if (lists.every((list) => list.length === 0)) yield [];
  for (const [i, [first, ...rest]] of lists.entries()) {
    if (first === undefined) continue;
    for (const tail of merged(lists.with(i, rest))) yield [first, ...tail];
  }
}

type Step = (chain: Chain) => Promise<void>;

/** Runs the steps in the given order, on a chain with one message that has just become a dead letter of the first queue. */
async function inOrder(steps: Step[]): Promise<void> {
  const chain = new Chain();
  for (const at of [2, 1, 0]) await chain.make(at);
  await chain.send([""]);
  await chain.use(0, "nack");
  for (const step of steps) await step(chain);
  await chain.end();
}

const first: Step = (chain) => chain.step(0, 0, 1);
const second: Step = (chain) => chain.step(1, 0, 1);
const deliver =
  (at: number): Step =>
  (chain) =>
    chain.deliver(at);
const use =
  (at: number, verb: "ack" | "nack"): Step =>
  (chain) =>
    chain.use(at, verb);
const redrive =
  (at: number): Step =>
  (chain) =>
    chain.redrive(at);
const remove =
  (at: number): Step =>
  (chain) =>
    chain.remove(at);
const make =
  (at: number): Step =>
  (chain) =>
    chain.make(at);

it.each<[string, Step[]]>([
  ["it is acked", [deliver(0), use(1, "ack")]],
  ["it comes back and dies again", [deliver(0), redrive(1), deliver(1), use(0, "nack")]],
  ["its destination goes and is made anew", [remove(1), make(1), deliver(0)]],
  ["its destination goes with it and is made anew", [deliver(0), remove(1), make(1)]],
  [
    "its source is made anew, and it dies there again",
    [deliver(0), remove(0), make(0), redrive(1), deliver(1), use(0, "nack")],
  ],
])(
  "a slow deliverer makes each of its steps at any time while %s",
  async (_, deeds) => {
    const orders = [...merged([Array<Step>(4).fill(first), deeds])];
    const each = full ? 1 : Math.ceil(orders.length / 60);
    for (const order of orders.filter((_, i) => i % each === 0)) await inOrder(order);
  },
  1_000_000,
);

it.each<[string, Step[]]>([
  ["it is acked", [use(1, "ack"), deliver(1)]],
  ["it comes back", [redrive(1), deliver(1)]],
])(
  "two deliverers make their steps in every order while %s",
  async (_, deeds) => {
    const orders = [...merged([Array<Step>(3).fill(first), Array<Step>(3).fill(second), deeds])];
    for (const order of full ? orders : orders.filter((_, i) => i % 12 === made % 12)) await inOrder(order);
  },
  1_000_000,
);
