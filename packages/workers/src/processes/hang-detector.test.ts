import { expect, it } from "vitest";
import { HangDetector, type ThreadState } from "./hang-detector.ts";

/** Observes a silent process once a second; the seconds until the limit of 10 s is exceeded, 100 when it is not. */
function secondsUntilExceeded(state: (second: number) => ThreadState | undefined, elapsedMs = 1000): number {
  const detector = new HangDetector();
  for (let second = 1; second < 100; second++) {
    detector.observe(elapsedMs, state(second));
    if (detector.exceeds(10_000)) return second;
  }
  return 100;
}

const still = { waitedMs: 5, isWaitingForDisk: false, isTraced: false };

it("counts the time in which a process could have responded", () => {
  expect(secondsUntilExceeded(() => still)).toBe(10);
  expect(secondsUntilExceeded(() => undefined)).toBe(10);
});

it("counts less while the process waits for a processor or a disk, up to a limit", () => {
  // A quarter of a processor: it needs four times as long for what it does. The first second has nothing to compare with.
  expect(secondsUntilExceeded((second) => ({ ...still, waitedMs: second * 750 }))).toBe(37);
  expect(secondsUntilExceeded((second) => ({ ...still, waitedMs: second * 1000 }))).toBe(60);
  expect(secondsUntilExceeded((second) => ({ ...still, isWaitingForDisk: second > 5 }))).toBe(60);
});

it("counts nothing while a debugger is attached or the observer itself was stopped", () => {
  expect(secondsUntilExceeded(() => ({ ...still, isTraced: true }))).toBe(100);
  expect(secondsUntilExceeded(() => still, 3_600_000)).toBe(100);
});

it("starts over with each response", () => {
  const detector = new HangDetector();
  for (let second = 0; second < 30; second++) {
    detector.observe(1000, still);
    if (second % 9 === 0) detector.responded();
    expect(detector.exceeds(10_000)).toBe(false);
  }
});
