import { describe, expect, it } from "vitest";
import { BodyClock, sweeping } from "./slow-body.ts";

describe("the clock of a body", () => {
  it("counts the time in which next to nothing came", () => {
    const clock = new BodyClock();
    expect(clock.isLate(100, 60, 100)).toBe(false);
    expect(clock.isLate(499, 60, 100)).toBe(true);
    expect(clock.isLate(500, 60, 100)).toBe(false);
    expect(clock.isLate(999, 60, 100)).toBe(false);
    clock.restart(999);
    expect(clock.isLate(999, 60, 100)).toBe(false);
  });

  it("does not count the time in which the process itself stood still", async () => {
    const swept = Promise.withResolvers<number>();
    const stop = sweeping({ bodyMs: 200, readMs: 1000 }, swept.resolve);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    expect(await swept.promise).toBe(40);
    stop();
  });
});
