/** What a number in a cell stands for; `elapsed` is a time that may have more than 24 hours. */
export type CellKind = "number" | "date" | "time" | "datetime" | "elapsed";

const dayMs = 86_400_000;
/** The built-in formats of dates and times (ECMA-376, 18.8.30). */
const builtIn = new Map<number, CellKind>([
  ...[14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58].map((id) => [id, "date"] as const),
  ...[18, 19, 20, 21, 32, 33, 34, 35, 45, 47].map((id) => [id, "time"] as const),
  [22, "datetime"],
  [46, "elapsed"],
]);

/** The kind of each style of cells, by the number of its format; `formats`: those that the workbook defines. */
export function cellKinds(styles: readonly number[], formats: ReadonlyMap<number, string>): CellKind[] {
  return styles.map((id) => {
    const format = formats.get(id);
    return format === undefined ? (builtIn.get(id) ?? "number") : kindOf(format);
  });
}

/** The kind that a format such as `dd/mm/yyyy hh:mm` shows. */
function kindOf(format: string): CellKind {
  // Without literal text, then without colours, conditions and locales.
  const codes = format.replace(/"[^"]*"|[\\_*]./g, "");
  if (/\[(?:h+|m+|s+)\]/i.test(codes)) return "elapsed";
  const plain = codes.replace(/\[[^\]]*\]/g, "").split(";")[0] ?? "";
  if (/general/i.test(plain)) return "number";
  const hasTime = /[hs]|am\/pm/i.test(plain);
  const hasDate = /[yd]/i.test(plain) || (!hasTime && /m/i.test(plain));
  if (hasDate) return hasTime ? "datetime" : "date";
  return hasTime ? "time" : "number";
}

/**
 * A number as stored. Spreadsheets write doubles with 17 digits, such as 1.1000000000000001: then it is the shortest text of the same
 * double. Longer numbers and whole numbers are kept digit by digit.
 */
export function numberText(text: string): string {
  if (/^-?\d+$/.test(text)) return text;
  const digits = text.replace(/e.*$/i, "").replace(/\D/g, "").replace(/^0+/, "").length;
  const value = Number(text);
  if (digits > 17 || !Number.isFinite(value)) return text;
  return String(value);
}

/** The moment that a number of days stands for, in ISO 8601 without a zone; to the millisecond. */
export function dateText(text: string, kind: Exclude<CellKind, "number">, from1904: boolean): string {
  const serial = Number(text);
  const latest = 2_958_466;
  if (text === "" || !(serial >= 0 && serial < latest)) return text;
  const ms = Math.round(serial * dayMs);
  const time = timeText(ms % dayMs);
  if (kind === "elapsed") return `${Math.floor(ms / 3_600_000)}`.padStart(2, "0") + time.slice(2);
  if (kind === "time" && ms < dayMs) return time;
  const day = dayText(Math.floor(ms / dayMs), from1904);
  return kind === "date" && ms % dayMs === 0 ? day : `${day}T${time}`;
}

function timeText(ms: number): string {
  return new Date(ms)
    .toISOString()
    .slice(11, 23)
    .replace(/\.000$/, "");
}

/** Excel takes 1900 for a leap year: day 60 is 29 February 1900, which does not exist. */
function dayText(day: number, from1904: boolean): string {
  if (!from1904 && day === 60) return "1900-02-29";
  const first = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, day < 60 ? 31 : 30);
  return new Date(first + day * dayMs).toISOString().slice(0, 10);
}
