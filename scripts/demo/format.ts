const secretFields = /password|token$/i;
const maxText = 60;
const maxList = 2;
const maxLine = 600;
const maxRow = 110;
const maxLines = 6;

/** The same value with passwords and tokens masked. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    typeof part === "string" && secretFields.test(name) ? "•••" : withoutSecrets(part),
  ]);
  return Object.fromEntries(entries);
}

/** A value as one line of JSON with long texts and lists shortened. */
export function shortened(value: unknown): string {
  const line = JSON.stringify(shorten(value));
  return line.length > maxLine ? `${line.slice(0, maxLine)}…` : line;
}

/** The first lines of a text, indented. */
export function firstLines(text: string): string {
  const lines = text.trimEnd().split("\n");
  const shown = lines.slice(0, maxLines).map((line) => (line.length > maxRow ? `${line.slice(0, maxRow)}…` : line));
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`… ${more} more`] : [])].map((line) => `\n    ${line}`).join("");
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") return value.length > maxText ? `${value.slice(0, maxText)}…` : value;
  if (Array.isArray(value)) {
    const more = value.length - maxList;
    return [...value.slice(0, maxList).map(shorten), ...(more > 0 ? [`… ${more} more`] : [])];
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shorten(part)]));
}
