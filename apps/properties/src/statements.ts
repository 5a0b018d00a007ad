import { readFileSync } from "node:fs";

/** The files of `sql/`. A statement that is not here does not exist. */
const names = [
  "add-terms",
  "advance-listing",
  "after",
  "any-property",
  "block-done",
  "block-ready",
  "city-key",
  "clear-block",
  "count-likes",
  "drop-terms",
  "fill-block",
  "filters",
  "history",
  "insert-listing",
  "insert-property",
  "insert-status",
  "is-visible",
  "keys",
  "like",
  "liked",
  "lock-block",
  "lock-demo",
  "lock-index",
  "lock-listing",
  "mark-blocks",
  "of-price",
  "one",
  "page",
  "read-block",
  "read-terms",
  "rebuild-listings",
  "remove-terms",
  "rows",
  "slice",
  "slice-of-price",
  "status-change",
  "take-block",
  "unlike",
  "unlock-index",
  "unready-blocks",
  "update-listing",
  "update-property",
  "walk",
] as const;

export type StatementName = (typeof names)[number];

/** The text of each statement, with its optional lines still marked. */
export type Statements = Readonly<Record<StatementName, string>>;

/** Reads every statement once. Comment lines are left out, because the driver looks for parameters in them too. */
export function readStatements(): Statements {
  const folder = new URL("./sql/", import.meta.url);
  const entries = names.map((name) => {
    const lines = readFileSync(new URL(`${name}.sql`, folder), "utf8").split("\n");
    const text = lines.filter((line) => !/^\s*--(?!\?)/.test(line) && line.trim() !== "").join("\n");
    return [name, text] as const;
  });
  return Object.fromEntries(entries) as Record<StatementName, string>;
}

/**
 * A statement with the optional lines that are asked for: a line that ends in `--? a b` stays when `a` and `b` are both
 * chosen, and goes otherwise. Nothing of a request ever becomes text of a statement; it can only choose lines.
 */
export function withLines(text: string, chosen: ReadonlySet<string>): string {
  return text
    .split("\n")
    .flatMap((line) => {
      const [kept = "", tags] = line.split("--?");
      if (tags === undefined) return [line];
      const wanted = tags.trim().split(/\s+/);
      return wanted.every((tag) => chosen.has(tag)) ? [kept.trimEnd()] : [];
    })
    .join("\n");
}

/** A text with its `{parts}` filled in; one that is not given stays. */
export function fill(text: string, parts: Record<string, string>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, part: string) => parts[part] ?? whole);
}

/** `:id1, :id2`, … as a list in a statement has them. */
export function parameters(name: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `:${name}${i + 1}`).join(", ");
}

/** The values of `parameters(name, count)`: those given, the last again where there are fewer. */
export function numbered<T>(name: string, values: T[], count: number): Record<string, T> {
  const value = (i: number) => values[Math.min(i, values.length - 1)] as T;
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i + 1}`, value(i)]));
}
