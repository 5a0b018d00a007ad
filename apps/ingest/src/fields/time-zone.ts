const dayMs = 86_400_000;

/** A local time that a zone does not have, because clocks were put forward, or has twice, because they were put back. */
export type LocalTimeFault = "skipped" | "repeated";

/** The offsets of a time zone (IANA), read once per day that is needed. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** Throws a `RangeError` for an unknown zone. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  /** The moment of a local time, both in milliseconds since 1970; the local time as if it were UTC. */
  toUtc(local: number): number | LocalTimeFault {
    const day = Math.floor(local / dayMs);
    const [before, after] = [this.#offsetAtDay(day - 1), this.#offsetAtDay(day + 2)];
    if (before === after) return local - before;
    const [early, late] = [local - before, local - after];
    const isEarly = this.#offset(early) === before;
    const isLate = this.#offset(late) === after;
    if (isEarly && isLate) return "repeated";
    if (isEarly) return early;
    return isLate ? late : "skipped";
  }

  /** The offset at the start of a day in UTC. */
  #offsetAtDay(day: number): number {
    let offset = this.#offsets.get(day);
    if (offset === undefined) {
      offset = this.#offset(day * dayMs);
      this.#offsets.set(day, offset);
    }
    return offset;
  }

  #offset(moment: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(moment)) part[type] = Number(value);
    const local = new Date(0);
    local.setUTCFullYear(part.year!, part.month! - 1, part.day);
    local.setUTCHours(part.hour!, part.minute, part.second);
    return local.getTime() - Math.floor(moment / 1000) * 1000;
  }
}
