import { fieldFaults } from "./row-faults.ts";

const dash = 0x2d;
const colon = 0x3a;
const point = 0x2e;
const zero = 0x30;

/** Writes a moment for MySQL, in UTC: `2021-11-07 02:48:42`, with `.mmm` if not zero. Returns the position after it, or a fault. */
export function writeDate(moment: Date, to: Buffer, at: number): number {
  const year = moment.getUTCFullYear();
  if (!(year >= 1000 && year <= 9999)) return fieldFaults.outOfRange;
  return writeMoment(
    to,
    at,
    year,
    moment.getUTCMonth() + 1,
    moment.getUTCDate(),
    moment.getUTCHours(),
    moment.getUTCMinutes(),
    moment.getUTCSeconds(),
    moment.getUTCMilliseconds(),
  );
}

function writeMoment(
  to: Buffer,
  at: number,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
): number {
  writeTwo(to, at, Math.floor(year / 100));
  writeTwo(to, at + 2, year % 100);
  to[at + 4] = dash;
  writeTwo(to, at + 5, month);
  to[at + 7] = dash;
  writeTwo(to, at + 8, day);
  to[at + 10] = 0x20;
  writeTwo(to, at + 11, hour);
  to[at + 13] = colon;
  writeTwo(to, at + 14, minute);
  to[at + 16] = colon;
  writeTwo(to, at + 17, second);
  if (millisecond === 0) return at + 19;
  to[at + 19] = point;
  to[at + 20] = zero + Math.floor(millisecond / 100);
  writeTwo(to, at + 21, millisecond % 100);
  return at + 23;
}

function writeTwo(to: Buffer, at: number, value: number): void {
  to[at] = zero + Math.floor(value / 10);
  to[at + 1] = zero + (value % 10);
}
