import { readFileSync } from "node:fs";

/** The files of `sql/`. A statement that is not here does not exist. */
const names = [
  "advance-listing",
  "after",
  "any-property",
  "count-likes",
  "count-of-price",
  "filters",
  "history",
  "insert-listing",
  "insert-property",
  "insert-status",
  "is-visible",
  "like",
  "liked",
  "lock-demo",
  "lock-listing",
  "one",
  "page",
  "page-by-words",
  "rebuild-listings",
  "scan",
  "slice",
  "slice-of-price",
  "status-change",
  "unlike",
  "update-listing",
  "update-property",
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
