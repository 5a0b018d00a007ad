import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";
import { seededRandom } from "./seeded-random.ts";

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

/** Two processes that use the queues, of which one after the other is killed and started again. What they said. */
async function storm(queues: NamedQueue[], settings: { seed: number; ordered?: string }): Promise<string[]> {
  const said: string[] = [];
  const random = seededRandom(settings.seed);
  let started = 0;
  const next = () =>
    start({ ...settings, queues: queues.map(({ name }) => name), seed: settings.seed + ++started }, said);
  const children = await Promise.all([next(), next()]);
  const end = Date.now() + (full ? 120_000 : 2_500);
  while (Date.now() < end) {
    await delay(200 + random(800));
    for (const queue of queues) await queue.counts(); // This checks the conservation of messages.
    const which = random(children.length);
    await kill(children[which]!);
    children[which] = await next();
  }
  await Promise.all(children.map(kill));
  return said;
}

const saidAfter = (said: string[], word: string) =>
  said.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

/** The seed is printed with a failure; `QUINTET_SEED` repeats it. */
const seed = Number(process.env.QUINTET_SEED ?? (full ? Date.now() % 1_000_000 : 1));

it.each([
  ["standard queues with groups and tenants", ""],
  [".fifo queues", ".fifo"],
])(
  "processes that transfer messages concurrently, and are killed, lose and duplicate none: %s",
  async (_, suffix) => {
    let made = 0;
    const make = (settings: object) => open.makeQueue({ visibilitySeconds: 1, ...settings }, `s${++made}${suffix}`);
    const last = await make({});
    const middle = await make({ deadLetterQueue: last.name, maxReceives: 1 });
    const first = await make({ deadLetterQueue: middle.name, maxReceives: 1 });
    const ordered = suffix === "" ? undefined : await make({ maxReceives: null, backoffSeconds: 0 });
    const queues = [first, middle, last];
    const sent: string[] = [];
    for (let i = 0; i < 5; i++) {
      const messages = Array.from({ length: 20 }, (_, j) => ({
        body: j,
        ...(j % 4 === 0 || suffix !== "" ? { groupId: `g${j % 8}` } : {}),
        ...(j % 3 === 0 ? {} : { tenantId: `t${j % 3}` }),
      }));
      sent.push(...(await first.send(...messages)));
    }
    const said = await storm(queues, { seed, ...(ordered && { ordered: ordered.name }) });
    const left = await idsIn(queues);
    expect(left.length, `in two places (seed ${seed})`).toBe(new Set(left).size);
    const acked = saidAfter(said, "acked");
    expect(acked.length).toBeGreaterThan(0);
    expect(
      acked.filter((id) => left.includes(id)),
      `came back though they were acked (seed ${seed})`,
    ).toEqual([]);
    expect(acked.length, `acked twice (seed ${seed})`).toBe(new Set(acked).size);
    const known = new Set([...left, ...saidAfter(said, "acking")]);
    expect(
      sent.filter((id) => !known.has(id)),
      `lost (seed ${seed})`,
    ).toEqual([]);
    if (ordered) await expectOrdered(ordered, said);
  },
  200_000,
);

/** Expects that every message of a group was taken or is left, each once, and that they were taken in the order of sending. */
async function expectOrdered(queue: NamedQueue, said: string[]): Promise<void> {
  const left = new Map<string, number[]>();
  const drain = async () => {
    const messages = await queue.receive();
    for (const { body } of messages) {
      const [group = "", number] = String(body).split(" ");
      left.set(group, [...(left.get(group) ?? []), Number(number)]);
    }
    const settled =
      messages.length === 0
        ? []
        : await queue.settle(
            "ack",
            messages.map(({ receipt }) => receipt),
          );
    expect(settled.every((status) => status === "ok")).toBe(true);
    return (await queue.counts()).length === 0;
  };
  await until(drain);
  const took = new Set(saidAfter(said, "took"));
  const taken = saidAfter(said, "taking").map((line) => {
    const [group = "", number = "", at = "0"] = line.split(" ");
    return { group, number: Number(number), at: BigInt(at), succeeded: took.has(line) };
  });
  const sent = Map.groupBy(saidAfter(said, "sent"), (line) => line.split(" ")[0] ?? "");
  expect(took.size).toBeGreaterThan(20);
  for (const [group, lines] of sent) {
    const ofGroup = taken.filter((one) => one.group === group).sort((a, b) => Number(a.at - b.at));
    const numbers = ofGroup.filter(({ succeeded }) => succeeded).map(({ number }) => number);
    expect(numbers, `order of ${group} (seed ${seed})`).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size, `taken twice in ${group} (seed ${seed})`).toBe(numbers.length);
    const remaining = left.get(group) ?? [];
    expect(remaining, `order of what is left of ${group} (seed ${seed})`).toEqual(remaining.toSorted((a, b) => a - b));
    // What was being taken when its process was killed may be gone as well.
    const gone = Math.max(0, ...ofGroup.map(({ number }) => number));
    const lost = lines.map((line) => Number(line.split(" ")[1])).filter((n) => n > gone && !remaining.includes(n));
    expect(lost, `lost from ${group} (seed ${seed})`).toEqual([]);
    expect(
      remaining.filter((number) => numbers.includes(number)),
      `came back though they were taken (seed ${seed})`,
    ).toEqual([]);
  }
}
