const secretFields = /password|token$/i;
const longestText = 60;
const longestList = 2;
const longestLine = 600;
const longestRow = 110;
const mostLines = 6;

/** The same value without what nobody should read over your shoulder. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    typeof part === "string" && secretFields.test(name) ? "•••" : withoutSecrets(part),
  ]);
  return Object.fromEntries(entries);
}

/** A value as one line of JSON, long texts and lists cut. */
export function shortened(value: unknown): string {
  const line = JSON.stringify(cut(value));
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
}

/** The first lines of a text, indented below the call. */
export function shownLines(text: string): string {
  const lines = text.trimEnd().split("\n");
  const shown = lines
    .slice(0, mostLines)
    .map((line) => (line.length > longestRow ? `${line.slice(0, longestRow)}…` : line));
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`… ${more} more`] : [])].map((line) => `\n    ${line}`).join("");
}

function cut(value: unknown): unknown {
  if (typeof value === "string") return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
  if (Array.isArray(value)) {
    const more = value.length - longestList;
    return [...value.slice(0, longestList).map(cut), ...(more > 0 ? [`… ${more} more`] : [])];
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cut(part)]));
}
