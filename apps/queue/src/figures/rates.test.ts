import { expect, it } from "vitest";
import { minutesOf } from "./rates.ts";

const now = 30_000_000;
const totals = (minutes: ReturnType<typeof minutesOf>) => minutes.map(({ sent, acked }) => [sent, acked]);

it("counts what happened in each minute, also in those without a sample", () => {
  const minutes = minutesOf(
    [
      [now - 100, 10, 8, 7, 3],
      [now - 2, 15, 8, 7, 8],
      [now, 15, 10, 9, 6],
    ],
    now,
    0,
  );
  expect(minutes).toHaveLength(60);
  expect(totals(minutes).slice(-4)).toEqual([
    [0, 0],
    [5, 0],
    [0, 0],
    [0, 2],
  ]);
  expect(minutes.map(({ length }) => length).slice(-4)).toEqual([3, 8, 8, 6]);
  expect(minutes.at(-1)).toMatchObject({ received: 2, at: new Date(now * 60_000).toISOString() });
});

it("begins with the creation of a young queue, and after the first sample of an older one", () => {
  const samples: Parameters<typeof minutesOf>[0] = [
    [now - 3, 4, 0, 0, 4],
    [now - 1, 6, 0, 0, 6],
  ];
  expect(totals(minutesOf(samples, now, now - 5)).map(([sent]) => sent)).toEqual([0, 0, 4, 0, 2, 0]);
  expect(totals(minutesOf(samples, now, 0)).map(([sent]) => sent)).toEqual([0, 2, 0]);
  expect(minutesOf([], now, 0)).toEqual([]);
});

it("counts nothing as negative when a queue was deleted and created again", () => {
  const minutes = minutesOf(
    [
      [now - 1, 100, 100, 100, 0],
      [now, 1, 0, 0, 1],
    ],
    now,
    0,
  );
  expect(minutes.at(-1)).toMatchObject({ sent: 0, received: 0, acked: 0, length: 1 });
});
