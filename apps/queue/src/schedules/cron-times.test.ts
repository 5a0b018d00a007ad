import { expect, it } from "vitest";
import { nextTime } from "./cron-times.ts";

/** The next `count` times, ISO 8601 without seconds. */
function times(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  let at = Date.parse(from);
  for (let i = 0; i < count; i++) {
    at = nextTime({ cron, timeZone }, at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

it("a time that does not exist when the clocks go forward is due once, right after", () => {
  expect(times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual([
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ]);
});

it("a time that exists twice when the clocks go back is due once", () => {
  expect(times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual([
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
});

it("what recurs within the hour keeps its rhythm over both", () => {
  expect(times("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 4)).toEqual([
    "2026-10-25T00:30",
    "2026-10-25T01:00",
    "2026-10-25T01:30",
    "2026-10-25T02:00",
  ]);
  expect(times("*/30 * * * *", "America/New_York", "2026-03-08T06:30:00Z", 3)).toEqual([
    "2026-03-08T07:00",
    "2026-03-08T07:30",
    "2026-03-08T08:00",
  ]);
});

it("a leap day is found years ahead", () => {
  expect(times("0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", 2)).toEqual(["2028-02-29T00:00", "2032-02-29T00:00"]);
});
