/** A number with separators: `12,345`. */
export function counted(number: number): string {
  return number.toLocaleString("en");
}

/** A number of things: `1 message`, `12,345 messages`. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${counted(number)} ${number === 1 ? one : many}`;
}

const units = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/** A length of time by its two greatest units: `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const first = units.findIndex(([, size]) => whole >= size);
  if (first === -1) return "0 s";
  let rest = whole;
  const parts: string[] = [];
  for (const [unit, size] of units.slice(first, first + 2)) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number > 0) parts.push(`${number} ${unit}`);
  }
  return parts.join(" ");
}

/** A size by its greatest unit: `1.2 MiB`. */
export function size(bytes: number): string {
  const steps = ["bytes", "KiB", "MiB", "GiB"];
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** step;
  const shown = step === 0 || value >= 100 ? counted(Math.round(value)) : String(Number(value.toPrecision(2)));
  return `${shown} ${step === 0 && bytes === 1 ? "byte" : steps[step]}`;
}
