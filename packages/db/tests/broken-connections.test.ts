import { setTimeout as delay } from "node:timers/promises";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mysqlLoad, postgresLoad, redisLoad, type StoreLoad } from "./store-loads.ts";

/** How often a store is taken away, and what the moments and the bytes are made from. */
const rounds = process.env.QUINTET_FAULTS === "full" ? 150 : 12;
const seed = Number(process.env.QUINTET_SEED ?? 20_261);
const eachKindAtOnce = 4;

/** Every piece of work is settled by then, be it by the limits of a statement and of a wait for a connection. */
const settledWithinMs = 8000;
/** When a store is there again, so is the first response; a driver that counts failures waits up to twenty seconds. */
const backWithinMs = 3000;

function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A way in which a store, or the network before it, fails; `act` resolves when it is there again. */
interface Fault {
  act: () => Promise<unknown>;
  /** Whether what the store said reaches the client changed, so that it may be a wrong value. */
  alters?: boolean;
}

function faultsOf(proxy: StoreProxy, load: StoreLoad, random: () => number): Fault[] {
  const some = (bytes: Buffer) => Math.floor(random() * (bytes.length + 1));
  const noise = () => Buffer.from(Array.from({ length: 64 }, () => random() * 256));
  const spoiled = async (change: (bytes: Buffer) => Buffer) => {
    proxy.corrupt(change);
    await delay(random() * 60);
    proxy.corrupt();
  };
  const away = async (ms: number) => {
    await proxy.cut();
    await delay(ms);
    await proxy.restore();
  };
  return [
    { act: () => away(random() * 120) },
    {
      act: async () => {
        for (let times = 0; times < 5; times++) await away(random() * 5);
      },
    },
    { act: () => load.terminate() },
    { act: () => spoiled((bytes) => bytes.subarray(0, some(bytes))) },
    { act: () => spoiled((bytes) => Buffer.from(bytes).fill(noise(), some(bytes))), alters: true },
    { act: () => spoiled(() => Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")), alters: true },
  ];
}

const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
beforeEach(() => {
  uncaught.length = 0;
  process.on("uncaughtException", note).on("unhandledRejection", note);
});
afterEach(() => {
  process.off("uncaughtException", note).off("unhandledRejection", note);
});

it.each([
  ["Postgres", postgresLoad],
  ["MySQL", mysqlLoad],
  ["Redis", redisLoad],
])(
  "%s taken away under load: nothing ends the process, waits for ever or is half done",
  {
    timeout: 600_000,
  },
  async (_, opened) => {
    vi.spyOn(console, "error").mockImplementation(() => {}); // What the drivers have to say of packets out of order.
    const random = randomFrom(seed);
    await using load = await opened();
    await using proxy = await storeProxy(load.url);
    const { kinds, close } = load.open(proxy.url);
    const done: Record<string, number> = {};
    const [wrong, hung]: [unknown[], string[]] = [[], []];
    let [over, altered, n] = [false, false, 0];
    const use = async (kind: string, work: (n: number) => Promise<unknown>) => {
      while (!over) {
        const limit = Promise.withResolvers<void>();
        const timer = setTimeout(() => limit.reject(new Error("hung")), settledWithinMs);
        await Promise.race([work(++n), limit.promise]).then(
          () => {
            done[kind] = (done[kind] ?? 0) + 1;
          },
          (error: Error) => {
            if (error.message === "hung") hung.push(kind);
            if (error.name === "AssertionError" && !altered) wrong.push(error);
            return delay(5);
          },
        );
        clearTimeout(timer);
      }
    };
    const uses = Object.entries(kinds).flatMap(([kind, work]) =>
      Array.from({ length: eachKindAtOnce }, () => use(kind, work)),
    );
    const faults = faultsOf(proxy, load, random);
    let slowestBack = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        const { act, alters = false } = faults[round % faults.length]!;
        altered = alters;
        await act();
        const began = performance.now();
        await vi.waitFor(() => kinds.simple!(++n), { timeout: 30_000, interval: 10 });
        slowestBack = Math.max(slowestBack, performance.now() - began);
        const before = { ...done };
        const stopped = () => Object.keys(kinds).filter((kind) => done[kind] === before[kind]);
        await vi.waitFor(() => expect(stopped()).toEqual([]), { timeout: 30_000, interval: 10 });
      }
    } finally {
      over = true;
      await Promise.all(uses);
      await close();
    }
    await load.verify();
    expect({ uncaught, wrong, hung, seed }).toEqual({ uncaught: [], wrong: [], hung: [], seed });
    expect(slowestBack).toBeLessThan(backWithinMs);
  },
);
