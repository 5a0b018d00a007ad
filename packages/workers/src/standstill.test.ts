import { expect, it } from "vitest";
import { Standstill, type ThreadState } from "./standstill.ts";

/** Looks once a second at a process that does not answer; how many seconds until it is over, 100 when it is not. */
function secondsUntilOver(state: (second: number) => ThreadState | undefined, elapsedMs = 1000): number {
  const standstill = new Standstill();
  for (let second = 1; second < 100; second++) {
    standstill.look(elapsedMs, state(second));
    if (standstill.isOver(10_000)) return second;
  }
  return 100;
}

const still = { waitedMs: 5, isAtDisk: false, isTraced: false };

it("counts the time in which a process could have answered", () => {
  expect(secondsUntilOver(() => still)).toBe(10);
  expect(secondsUntilOver(() => undefined)).toBe(10);
});

it("counts less for one that others keep from the processor or the disk, and ends in any case", () => {
  // A quarter of a processor: it needs four times as long for what it does. The first second has nothing to compare with.
  expect(secondsUntilOver((second) => ({ ...still, waitedMs: second * 750 }))).toBe(37);
  expect(secondsUntilOver((second) => ({ ...still, waitedMs: second * 1000 }))).toBe(60);
  expect(secondsUntilOver((second) => ({ ...still, isAtDisk: second > 5 }))).toBe(60);
});

it("counts nothing while a debugger has hold of it, or while whoever looks stood still as well", () => {
  expect(secondsUntilOver(() => ({ ...still, isTraced: true }))).toBe(100);
  expect(secondsUntilOver(() => still, 3_600_000)).toBe(100);
});

it("begins anew with an answer", () => {
  const standstill = new Standstill();
  for (let second = 0; second < 30; second++) {
    standstill.look(1000, still);
    if (second % 9 === 0) standstill.answered();
    expect(standstill.isOver(10_000)).toBe(false);
  }
});
