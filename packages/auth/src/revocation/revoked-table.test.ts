import { expect, test } from "vitest";
import { createRevokedTable, type Revocation, revocationSeconds } from "./revoked-table.ts";

const day = 86_400_000;
const lifeMs = revocationSeconds * 1000;
const token = { accountId: 7, epoch: 0, session: "s", tokenId: "t" };
const session: Revocation = { kind: "session", subject: "s", epoch: 0 };

/** A table with its clocks: the one on the wall, which can be set, and the other. */
function clocked() {
  const clock = { now: Date.parse("2026-06-01T12:00:00Z"), elapsed: 5000 };
  const table = createRevokedTable(
    () => clock.now,
    () => clock.elapsed,
  );
  const pass = (ms: number) => {
    clock.now += ms;
    clock.elapsed += ms;
  };
  return { clock, pass, table };
}

const other = (subject: string): Revocation => ({ kind: "token", subject, epoch: 0 });

test("a revocation is remembered as long as what it revokes may live, and then forgotten", () => {
  const { pass, table } = clocked();
  table.add(session);
  pass(lifeMs - 1);
  table.add(other("a"));
  expect(table.allows(token)).toBe(false);
  pass(1);
  table.add(other("b"));
  expect(table.size()).toBe(2);
});

test("a clock that is set back brings nothing back, and holds nothing for a day that was added since", () => {
  const { clock, pass, table } = clocked();
  clock.now += day;
  table.add(session);
  clock.now -= day;
  for (const subject of ["a", "b", "c"]) table.add(other(subject));
  pass(lifeMs);
  table.add(other("d"));
  expect(table.allows(token)).toBe(false);
  expect(table.size()).toBe(2);
  pass(day);
  table.add(other("e"));
  expect(table.size()).toBe(1);
});

test("a clock that jumps ahead forgets nothing before its time", () => {
  const { clock, table } = clocked();
  table.add(session);
  clock.now += day;
  table.add(other("a"));
  expect(table.allows(token)).toBe(false);
});

test("without news it closes by the clock that is never set, and opens with the next", async () => {
  const { clock, pass, table } = clocked();
  table.markCurrent(clock.elapsed);
  clock.now += day;
  expect(table.ensureCurrent()).toBeUndefined();
  clock.now -= 2 * day;
  expect(table.ensureCurrent()).toBeUndefined();
  pass(1750);
  expect(table.ensureCurrent()).toBeUndefined();
  pass(1);
  const waiting = table.ensureCurrent();
  table.markCurrent(clock.elapsed);
  await waiting;
  expect(table.ensureCurrent()).toBeUndefined();
  pass(10_000);
  // Old news are none.
  table.markCurrent(clock.elapsed - 2000);
  await expect(table.ensureCurrent()).rejects.toMatchObject({ code: "unavailable", headers: { "Retry-After": "2" } });
  pass(200);
  expect(() => table.ensureCurrent()).toThrow("Revocations");
});

test("it says what was added after a version", () => {
  const { table } = clocked();
  table.add(session);
  const version = table.version();
  expect(table.add(session)).toBe(false);
  expect(table.add({ kind: "account", subject: "7", epoch: 2 })).toBe(true);
  expect(table.since(version)).toEqual([{ kind: "account", subject: "7", epoch: 2 }]);
  expect(table.since(0)).toHaveLength(2);
});
