import { readFileSync } from "node:fs";
import type { StatementTypes } from "./statement-types.ts";

/** Every statement, by its file in this folder. A statement that is not listed does not exist. */
const files = {
  capture: [
    "differences",
    "find-triggers",
    "last-history",
    "new-history",
    "next-compared",
    "trigger-history-delete",
    "trigger-history-insert",
    "trigger-history-update",
    "trigger-property-delete",
    "trigger-property-insert",
    "trigger-property-update",
  ],
  demo: ["any-property", "insert-properties", "insert-statuses", "lock-demo"],
  listings: [
    "add-change",
    "add-changes",
    "build-progress",
    "built-until",
    "changes",
    "changes-left",
    "copy-listings",
    "count-all",
    "count-block",
    "count-properties",
    "current",
    "drop-listings",
    "existing",
    "followed",
    "indexed-fields",
    "listing-columns",
    "lock-build",
    "next-property",
    "remove-changes",
    "source-rows",
    "statuses",
    "texts",
    "unready-block",
  ],
  likes: [
    "change-likes",
    "count-likes",
    "has-like",
    "is-visible",
    "like",
    "liked",
    "likes-of",
    "lock-likes",
    "most-liked",
    "next-counted",
    "recount-likes",
    "unlike",
    "wrong-counts",
  ],
  prices: [
    "add-prices",
    "block-versions",
    "cities-of-block",
    "city-weight",
    "count-some",
    "drop-prices",
    "listed-price",
    "priced",
    "prices",
    "prices-of-block",
    "statistics",
  ],
  places: ["copy-places", "distance", "drop-places", "gone-places", "place-differences", "places", "source-places"],
  properties: ["insert-property", "lock-property", "one", "optional-columns", "update-property"],
  queries: ["delete-query", "readable-tables", "save-query", "saved-queries", "saved-query"],
  rebuild: ["mark-blocks", "rebuild-listings"],
  "saved-searches": [
    "add-matches",
    "add-search",
    "add-search-changes",
    "any-notified",
    "change-search",
    "count-searches",
    "discard-search-changes",
    "drop-digests",
    "drop-open-digest",
    "drop-search",
    "due-digests",
    "lock-owner",
    "newest-seen",
    "notified-searches",
    "own-search",
    "own-searches",
    "remove-search-changes",
    "seal-digests",
    "sealed-digests",
    "search-changes",
    "sent-batch",
    "time",
    "watched",
  ],
  search: [
    "after",
    "facet-rows",
    "filters",
    "keys",
    "of-price",
    "page",
    "rows",
    "seen",
    "slice",
    "slice-of-price",
    "walk",
  ],
  source: ["columns", "earlier-version", "index-columns", "odd-history", "odd-properties", "without-history"],
  "status-history": ["history", "insert-status", "latest-date", "status-change"],
  "term-index": [
    "add-terms",
    "block-done",
    "block-ready",
    "clear-block",
    "drop-terms",
    "fill-block",
    "lock-block",
    "lock-index",
    "read-block",
    "read-terms",
    "remove-terms",
    "take-block",
    "text-key",
    "terms-of-member",
    "unlock-index",
    "unready-blocks",
  ],
  withdrawals: ["restore", "withdraw", "withdrawn"],
} as const;

export type StatementName = (typeof files)[keyof typeof files][number];

declare const types: unique symbol;

/**
 * The text of a statement whose rows are `Row`, null for one that has none, and which needs at least the parameters of `Values`. The types
 * are only known to the compiler. They were read from a database, see `statement-types.ts`, and stay with a text that is assembled.
 */
export type Statement<Row, Values = unknown> = string & { readonly [types]: { row: Row; values: Values } };

/** The text of each statement, with its optional lines still marked. */
export type Statements = {
  readonly [N in StatementName]: Statement<StatementTypes[N]["row"], StatementTypes[N]["values"]>;
};

/** A row of a statement. */
export type RowOf<N extends StatementName> = StatementTypes[N]["row"];

/**
 * Reads every statement once. A file holds several, each after a line `-- name: NAME`. Comment lines are removed, because the driver looks
 * for parameters in them too. Throws when a file does not hold exactly the statements that are listed.
 */
export function readStatements(): Statements {
  const found: Record<string, string> = {};
  for (const [file, names] of Object.entries(files)) {
    const [, ...parts] = readFileSync(new URL(`./${file}.sql`, import.meta.url), "utf8").split(/^-- name: /m);
    const inFile = parts.map((part) => {
      const [name = "", ...lines] = part.split("\n");
      found[name] = lines
        .filter((line) => !/^\s*--(?!\?)/.test(line) && line.trim() !== "")
        .join("\n")
        .replace(/;$/, "");
      return name;
    });
    if (inFile.toSorted().join() !== names.toSorted().join())
      throw new Error(`${file}.sql holds ${inFile.join(", ")}.`);
  }
  return found as unknown as Statements;
}

/**
 * A statement with the chosen optional lines: a line that ends in `--? a b` is kept when `a` and `b` are both chosen. No input of a request
 * becomes part of a statement's text; it can only choose lines.
 */
export function withLines<Text extends string>(text: Text, chosen: ReadonlySet<string>): Text {
  const lines = text.split("\n").flatMap((line) => {
    const [kept = "", tags] = line.split("--?");
    if (tags === undefined) return [line];
    const wanted = tags.trim().split(/\s+/);
    return wanted.every((tag) => chosen.has(tag)) ? [kept.trimEnd()] : [];
  });
  return lines.join("\n") as Text;
}

/** A text with its `{parts}` filled in; a part that is not given stays as it is. */
export function fill<Text extends string>(text: Text, parts: Record<string, string>): Text {
  return text.replaceAll(/\{(\w+)\}/g, (whole, part: string) => parts[part] ?? whole) as Text;
}

/** `:id1, :id2`, … for a list in a statement. */
export function parameters(name: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `:${name}${i + 1}`).join(", ");
}

/** The values of `parameters(name, count)`; the last value is repeated when there are fewer, and without any they are all null. */
export function numbered<T>(name: string, values: T[], count: number): Record<string, T | null> {
  const value = (i: number) => values[Math.min(i, values.length - 1)] ?? null;
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i + 1}`, value(i)]));
}
