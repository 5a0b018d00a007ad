import { type Clock, offsetMinutes } from "./clock.ts";
import { fault } from "./field-faults.ts";

/** Reads a part of a date and time at a position; returns the position after it, -1 when it is not there. */
type Step = (clock: Clock, text: string, at: number, partial: Partial) => number;

/** What the hour and the year are made of. */
interface Partial {
  /** An hour from 1 to 12 without its half of the day. */
  afternoon: boolean | undefined;
  isHalfDay: boolean;
}

const monthNames = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const dayNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const maxFieldBytes = 128;

/** A format of dates and times, as Python's `strptime` and Frictionless Table Schema have it. */
export class TimeFormat {
  readonly hasDate: boolean;
  readonly hasTime: boolean;
  readonly #steps: readonly Step[];

  /** `steps`: in order; `kinds`: whether the format has a date and a time. */
  private constructor(steps: readonly Step[], kinds: { hasDate: boolean; hasTime: boolean }) {
    this.#steps = steps;
    this.hasDate = kinds.hasDate;
    this.hasTime = kinds.hasTime;
  }

  /**
   * Compiles %-codes, or tokens such as `DD/MM/YYYY HH:mm`; `part: "date"` leaves out what follows the date. Throws a `RangeError` that
   * says what is wrong.
   */
  static compile(format: string, part: "date" | "all" = "all"): TimeFormat {
    const codes = codesOf(format.includes("%") ? format : fromTokens(format));
    const letters = new Set(codes.map(({ code }) => code));
    const [hasYear, hasMonth] = [/[yY]/, /[mbB]/].map((some) => codes.some(({ code }) => some.test(code)));
    const hasDate = hasYear && hasMonth && letters.has("d") ? true : hasYear && letters.has("j");
    const hasAnyDate = hasYear || hasMonth || letters.has("d") || letters.has("j");
    const hasTime = letters.has("H") || letters.has("I");
    if (hasAnyDate && !hasDate) throw new RangeError(`${format} has no year, month and day.`);
    if (!hasDate && !hasTime) throw new RangeError(`${format} has neither a date nor a time.`);
    if (letters.has("I") && !letters.has("p"))
      throw new RangeError(`${format} has hours from 1 to 12 without AM or PM.`);
    const last = codes.findLastIndex(({ code }) => /[yYmbBdjaA]/.test(code));
    const kept = part === "date" && hasDate ? codes.slice(0, last + 1) : codes;
    return new TimeFormat(
      kept.map(({ code, literal }) => (code === "" ? literalStep(literal) : steps[code]!)),
      { hasDate: hasDate === true, hasTime: hasTime && kept.length === codes.length },
    );
  }

  /** Reads the start of a field; returns the position after what was read, or a fault. */
  read(clock: Clock, from: Buffer, start: number, end: number): number {
    if (end - start > maxFieldBytes) return fault.type;
    const text = from.toString("latin1", start, end);
    const partial: Partial = { afternoon: undefined, isHalfDay: false };
    let at = 0;
    for (const step of this.#steps) {
      at = step(clock, text, at, partial);
      if (at < 0) return fault.type;
    }
    if (this.hasTime) clock.hasTime = true;
    if (partial.isHalfDay) {
      if (clock.hour < 1 || clock.hour > 12) return fault.noSuchDate;
      clock.hour = (clock.hour % 12) + (partial.afternoon ? 12 : 0);
    }
    return start + at;
  }
}

interface Code {
  /** The letter; empty for text that stands for itself. */
  code: string;
  literal: string;
}

const composed: Record<string, string> = { F: "%Y-%m-%d", T: "%H:%M:%S", R: "%H:%M", D: "%m/%d/%y", e: "%d" };

function codesOf(format: string): Code[] {
  const plain = format.replace(/%[-_0]?([FTRDe])/g, (_, letter: string) => composed[letter]!);
  const codes = Array.from(plain.matchAll(/%[-_0]?([\s\S])|[^%]+|%/g), ([text, letter]): Code => {
    if (letter === undefined && text !== "%") return { code: "", literal: text };
    if (letter === "%") return { code: "", literal: "%" };
    if (letter === undefined || !(letter in steps)) {
      throw new RangeError(`${format} has ${text}, which is none of the codes %${Object.keys(steps).join(" %")}.`);
    }
    return { code: letter, literal: "" };
  });
  const seen = codes.map(({ code }) => code).filter((code) => code !== "");
  if (new Set(seen).size < seen.length) throw new RangeError(`${format} has a code twice.`);
  return codes;
}

/** Tokens of date libraries as %-codes: `mm` is minutes after an hour, otherwise a month. */
function fromTokens(format: string): string {
  let hasHour = false;
  return format.replace(/y+|Y+|M+|d+|D+|H+|h+|m+|s+|S+|[aA]|Z+|X+|[%]/g, (token) => {
    const letter = token[0]!;
    switch (letter) {
      case "y":
      case "Y":
        return token.length === 2 ? "%y" : "%Y";
      case "M":
        return monthCode(token);
      case "d":
      case "D":
        return token.length > 2 ? "%a" : "%d";
      case "H":
      case "h":
        hasHour = true;
        return letter === "H" || !/a/i.test(format) ? "%H" : "%I";
      case "m":
        return hasHour ? "%M" : monthCode(token);
      case "s":
        return "%S";
      case "S":
        return "%f";
      case "Z":
      case "X":
        return "%z";
      default:
        return "%p";
    }
  });
}

const monthCode = (token: string) => (token.length > 2 ? "%b" : "%m");

function literalStep(literal: string): Step {
  const bytes = Buffer.from(literal).toString("latin1");
  // White space stands for any white space.
  if (/^\s+$/.test(bytes)) {
    return (_clock, text, at) => {
      let next = at;
      while (/\s/.test(text[next] ?? "")) next++;
      return next > at ? next : -1;
    };
  }
  return (_clock, text, at) => (text.startsWith(bytes, at) ? at + bytes.length : -1);
}

/** A number of 1 to `max` digits. */
function numberStep(max: number, set: (clock: Clock, value: number, partial: Partial) => void, min = 1): Step {
  return (clock, text, at, partial) => {
    let next = at;
    let value = 0;
    for (; next < text.length && next - at < max; next++) {
      const digit = text.charCodeAt(next) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (next - at < min) return -1;
    set(clock, value, partial);
    return next;
  };
}

/** A name, or its first three letters, in any case. */
function nameStep(names: readonly string[], set: (clock: Clock, index: number) => void): Step {
  return (clock, text, at) => {
    const rest = text.slice(at, at + 9).toLowerCase();
    const index = names.findIndex((name) => rest.startsWith(name.slice(0, 3)));
    if (index < 0) return -1;
    set(clock, index);
    const name = names[index]!;
    const next = at + (rest.startsWith(name) ? name.length : 3);
    return text[next] === "." && next === at + 3 ? next + 1 : next;
  };
}

const setMonth = (clock: Clock, index: number) => {
  clock.month = index + 1;
};
const month = nameStep(monthNames, setMonth);
const dayOfWeek = nameStep(dayNames, () => {});

const steps: Record<string, Step> = {
  Y: numberStep(
    4,
    (clock, value) => {
      clock.year = value;
    },
    4,
  ),
  // POSIX: 69 to 99 are of the 20th century.
  y: numberStep(
    2,
    (clock, value) => {
      clock.year = value + (value < 69 ? 2000 : 1900);
    },
    2,
  ),
  m: numberStep(2, (clock, value) => {
    clock.month = value;
  }),
  d: numberStep(2, (clock, value) => {
    clock.day = value;
  }),
  j: numberStep(
    3,
    (clock, value) => {
      const ofYear = new Date(Date.UTC(2000, 0, 1));
      ofYear.setUTCFullYear(clock.year, 0, value);
      const exists = value > 0 && ofYear.getUTCFullYear() === clock.year;
      clock.month = exists ? ofYear.getUTCMonth() + 1 : 0;
      clock.day = exists ? ofYear.getUTCDate() : 0;
    },
    3,
  ),
  b: month,
  B: month,
  a: dayOfWeek,
  A: dayOfWeek,
  H: numberStep(2, (clock, value) => {
    clock.hour = value;
  }),
  I: numberStep(2, (clock, value, partial) => {
    clock.hour = value;
    partial.isHalfDay = true;
  }),
  M: numberStep(2, (clock, value) => {
    clock.minute = value;
  }),
  S: numberStep(2, (clock, value) => {
    clock.second = value;
  }),
  f: (clock, text, at) => {
    const bytes = Buffer.from(text.slice(at), "latin1");
    const next = clock.readFraction(bytes, 0, bytes.length);
    return next < 0 ? -1 : at + next;
  },
  p: (_clock, text, at, partial) => {
    const found = /^([ap])\.?m\.?/i.exec(text.slice(at, at + 4));
    if (!found) return -1;
    partial.afternoon = found[1]!.toLowerCase() === "p";
    return at + found[0].length;
  },
  z: zone,
  Z: zone,
};

function zone(clock: Clock, text: string, at: number): number {
  const found = /^(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)/i.exec(text.slice(at))?.[0];
  if (found === undefined) return -1;
  const bytes = Buffer.from(found.length === 3 && /^[UG]/i.test(found) ? ` ${found}` : found, "latin1");
  clock.offset = offsetMinutes(bytes, 0, bytes.length);
  return Number.isNaN(clock.offset) ? -1 : at + found.length;
}
