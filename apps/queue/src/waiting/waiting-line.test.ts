import { Problem } from "@quintet/http";
import { expect, it } from "vitest";
import type { Claim } from "../commands/queue-commands.ts";
import { type Waiter, waitingLine } from "./waiting-line.ts";

const nothing: Claim = { messages: [], lease: "", leaseEnd: 0, nextChangeMs: -1, stillReady: 0, outgoing: 0 };
const claimOf = (id: string, stillReady: number): Claim => ({
  ...nothing,
  stillReady,
  messages: [
    {
      id,
      payload: "1",
      attributes: "",
      sentAt: 0,
      receives: 1,
      priority: 0,
      groupId: "",
      origin: "",
      firstReceivedAt: 0,
      sender: "",
      dedupeId: "",
      tenantId: "",
      number: 1,
    },
  ],
});

/** A line at a plain list of message ids, with a log of what happened. */
function line(stock: string[]) {
  const log: string[] = [];
  const all = waitingLine(() => log.push("idle"));
  const join = (name: string, change: Partial<Waiter> = {}): Waiter => {
    const waiter: Waiter = {
      async claim() {
        await Promise.resolve();
        const id = stock.shift();
        return id === undefined ? nothing : claimOf(id, stock.length);
      },
      release: async (claim) => void log.push(`${name} gave back ${claim.messages[0]?.id}`),
      deliver: (claim) => log.push(`${name} has ${claim.messages[0]?.id}`),
      fail: (error) => log.push(`${name} failed: ${error instanceof Error ? error.message : ""}`),
      ...change,
    };
    all.join(waiter);
    return waiter;
  };
  return { all, join, log, settled: () => new Promise((resolve) => setTimeout(resolve, 5)) };
}

it("serves first come, first served, while there are messages", async () => {
  const { all, join, log, settled } = line(["1", "2"]);
  for (const name of ["a", "b", "c"]) join(name);
  all.serve();
  await settled();
  expect(log).toEqual(["a has 1", "b has 2"]);
  expect(all.size()).toBe(1);
});

it("releases messages that were claimed for a receiver that has left meanwhile", async () => {
  const { all, join, log, settled } = line(["1"]);
  const waiter = join("a");
  all.serve();
  all.leave(waiter);
  await settled();
  expect(log).toEqual(["idle", "a gave back 1"]);
});

it("serves again when it was called while serving", async () => {
  const stock: string[] = [];
  const { all, join, log, settled } = line(stock);
  let claims = 0;
  join("a", {
    async claim() {
      claims++;
      if (claims === 1) {
        all.serve();
        return nothing;
      }
      return claimOf("late", 0);
    },
  });
  all.serve();
  await settled();
  expect(log).toEqual(["a has late", "idle"].sort((a, b) => log.indexOf(a) - log.indexOf(b)));
  expect(claims).toBe(2);
});

it("serves by itself when the next delay or lease ends", async () => {
  const { all, join, log } = line([]);
  let due = false;
  const answered = new Promise<void>((resolve) => {
    join("a", {
      async claim() {
        if (due) return claimOf("due", 0);
        due = true;
        return { ...nothing, nextChangeMs: 2 };
      },
      deliver(claim) {
        log.push(`a has ${claim.messages[0]?.id}`);
        resolve();
      },
    });
  });
  all.serve();
  await answered;
  expect(log).toContain("a has due");
});

it("fails all receivers with the error of a claim", async () => {
  const { all, join, log, settled } = line([]);
  join("a", { claim: () => Promise.reject(new Error("away")) });
  join("b");
  all.serve();
  await settled();
  expect(log.filter((entry) => entry !== "idle")).toEqual(["a failed: away", "b failed: away"]);
  expect(all.size()).toBe(0);
});

it("a receiver that has lost its right fails alone, and the next one is served", async () => {
  const { all, join, log, settled } = line(["m"]);
  join("a", { claim: () => Promise.reject(new Problem("forbidden", "no right")) });
  join("b");
  all.serve();
  await settled();
  expect(log).toEqual(["a failed: no right", "idle", "b has m"]);
});

it("serving costs the same however many wait: it touches only receivers that it may serve", async () => {
  const looks = 1000;
  const costOf = async (waiters: number) => {
    const { all, join } = line([]);
    for (let i = 0; i < waiters; i++) join(String(i), { claim: async () => nothing });
    const before = process.cpuUsage();
    for (let i = 0; i < looks; i++) {
      all.serve();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { user } = process.cpuUsage(before);
    all.stop();
    return user;
  };
  await costOf(10);
  const [few, many] = [await costOf(10), await costOf(100_000)];
  // In µs. All 100,000 at each look are sixty times as much; the bound is for a busy machine.
  expect(many).toBeLessThan(10 * few + 50_000);
});
