import type { Column } from "../tables/table.ts";
import { Clock } from "./clock.ts";
import { defaultFraction, fault } from "./field-faults.ts";
import type { FieldFormat } from "./field-format.ts";
import type { FieldWriter } from "./field-writer.ts";
import { TimeFormat } from "./time-format.ts";
import { TimeZone } from "./time-zone.ts";

type Options = Pick<FieldFormat, "dateFormat" | "defaultZone" | "round">;

/** Fields are read one at a time. */
const clock = new Clock();
const minYear = 1000;
const maxYear = 9999;

/**
 * Reads a field into `clock` and returns 0 or a fault. ISO 8601 is always read: `2021-11-07`, `2021-11-07T02:48:42.123456-05:00`, with a
 * blank instead of the `T`. A date format comes first; the time after it may be ISO 8601.
 */
type Reading = (from: Buffer, start: number, end: number) => number;

function reading(format: TimeFormat | undefined, kind: "date" | "time"): Reading {
  const iso: Reading = (from, start, end) => {
    const next = kind === "date" ? clock.readDate(from, start, end) : clock.readTime(from, start, end);
    if (next < 0) return kind === "date" && startsLikeDate(from, start, end) ? fault.ambiguousDate : next;
    if (kind === "date") return Math.min(clock.readRest(from, next, end), 0);
    return next === end || clock.readZone(from, next, end) ? 0 : fault.type;
  };
  if (!format) return iso;
  return (from, start, end) => {
    const next = format.read(clock, from, start, end);
    if (next === fault.noSuchDate) return next;
    if (next >= 0 && (next === end || (!format.hasTime && clock.readRest(from, next, end) >= 0))) return 0;
    clock.clear();
    const found = iso(from, start, end);
    return found === fault.ambiguousDate ? fault.type : found;
  };
}

/** Whether a field starts like `3/4/2021`, in which the day or the month may come first. */
function startsLikeDate(from: Buffer, start: number, end: number): boolean {
  return (
    end - start <= 40 && /^\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})(?!\d)/.test(from.toString("latin1", start, end))
  );
}

const compiled = (format: string | undefined, part: "date" | "all") =>
  format === undefined || format === "default" ? undefined : TimeFormat.compile(format, part);

/** Writes dates as `2021-11-07`. A time of day must be midnight, as spreadsheets write it. */
export function dateWriter(column: Column, { dateFormat }: Options): FieldWriter {
  const read = reading(compiled(dateFormat ?? column.format, "date"), "date");
  return (from, start, end, to, at) => {
    clock.clear();
    const found = read(from, start, end);
    if (found < 0) return found;
    if (!clock.hasDate || !clock.hasClock) return fault.noSuchDate;
    if (!clock.isMidnight) return fault.precision;
    return clock.year < minYear ? fault.range : clock.writeDate(to, at);
  };
}

/** Writes times of a day as `02:48:42.123456`. */
export function timeWriter(column: Column, { round }: Options): FieldWriter {
  const { precision = defaultFraction } = column;
  const read = reading(compiled(column.format, "all"), "time");
  return (from, start, end, to, at) => {
    clock.clear();
    const found = read(from, start, end);
    if (found < 0) return found;
    if (!clock.hasClock) return fault.noSuchDate;
    if (!Number.isNaN(clock.offset)) return fault.unexpectedZone;
    if (clock.isFinerThan(precision)) {
      if (!round) return fault.precision;
      if (clock.round(precision)) {
        clock.milliseconds += 1000;
        if (clock.hour === 0 && clock.minute === 0 && clock.second === 0) return fault.noSuchDate;
      }
    }
    return clock.writeTime(to, at);
  };
}

/**
 * Writes dates and times as `2021-11-07 02:48:42.123456`: moments in UTC if the column is zoned, otherwise local ones. A date alone is
 * midnight where the zone is known or not needed.
 */
export function dateTimeWriter(column: Column, { dateFormat, defaultZone, round }: Options): FieldWriter {
  const { precision = defaultFraction, zoned } = column;
  const read = reading(compiled(dateFormat ?? column.format, "all"), "date");
  const zone = zoned && defaultZone !== undefined ? new TimeZone(defaultZone) : undefined;
  return (from, start, end, to, at) => {
    clock.clear();
    const found = read(from, start, end);
    if (found < 0) return found;
    const hasZone = !Number.isNaN(clock.offset);
    if (zoned && !hasZone && !zone) return clock.hasTime ? fault.noZone : fault.type;
    if (clock.isFinerThan(precision) && !round) return fault.precision;
    if (!clock.hasDate || !clock.hasClock) return fault.noSuchDate;
    if (!zoned && hasZone) return fault.unexpectedZone;
    const carry = clock.isFinerThan(precision) && clock.round(precision);
    if (hasZone) {
      if (clock.offset !== 0) clock.milliseconds -= clock.offset * 60_000;
    } else if (zone) {
      const utc = zone.toUtc(clock.milliseconds);
      if (utc === "skipped") return fault.noSuchLocalTime;
      if (utc === "repeated") return fault.ambiguousLocalTime;
      clock.milliseconds = utc;
    }
    if (carry) clock.milliseconds += 1000;
    if (clock.year < minYear || clock.year > maxYear) return fault.range;
    const next = clock.writeDate(to, at);
    to[next] = 0x20;
    return clock.writeTime(to, next + 1);
  };
}
