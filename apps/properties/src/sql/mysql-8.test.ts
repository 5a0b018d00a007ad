import { readdirSync, readFileSync } from "node:fs";
import Parser from "ts-mysql-parser";
import { expect, test } from "vitest";
import { fill, readStatements, type StatementName, withLines } from "./statements.ts";

// Oracle's grammar, as MySQL Workbench has it.
// The class itself, whatever the types say of its CommonJS.
const parser = new (Parser as unknown as typeof Parser.default)({ version: "8.0.22" });

/** What the grammar of MySQL 8 says against a statement; undefined if nothing. */
function faultOf(sql: string): string | undefined {
  // MySQL has invisible columns since 8.0.23, which the grammar does not know.
  const { lexerError, parserError } = parser.parse(sql.replace(/\bINVISIBLE\b/g, ""));
  const error = lexerError ?? parserError;
  return error && `${error.message}: ${sql}`;
}

const statements = readStatements();
const names = Object.keys(statements) as StatementName[];

/** Marks of optional lines of which one is chosen at a time. */
const either = [
  ["ascending", "descending"],
  ["id", "price", "year", "date", "distance"],
  ["ids", "block"],
  ["somewhere", "nowhere"],
  ["rooms", "noRooms"],
  ["area", "noArea"],
  ["type", "noType"],
  ["yearEquals", "yearRange"],
];

/** Sets of marks with which each line of a statement is in one of its texts. */
function marksOf(name: StatementName): Set<string>[] {
  if (name === "statistics")
    return [
      ["city", "only", "cities"],
      ["year", "only", "years"],
      ["city", "year"],
    ].map((marks) => new Set(marks));
  const all = Object.values(statements).flatMap((text) =>
    [...text.matchAll(/--\? (.+)$/gm)].flatMap(([, marks = ""]) => marks.trim().split(/\s+/)),
  );
  // No index has the order of distances, so that no slice has it.
  const orders = /\{slices\}|\{index\}/.test(statements[name]) ? 4 : 5;
  return Array.from({ length: orders }, (_, i) => {
    const dropped = either.flatMap((group) => group.filter((mark) => mark !== group[i % group.length]));
    return new Set(all.filter((mark) => !dropped.includes(mark)));
  });
}

/** The statements whose text is a part of others. */
const parts: Partial<Record<string, StatementName>> = {
  filters: "filters",
  after: "after",
  distance: "distance",
  optional: "optional-columns",
  places: "source-places",
  slices: "slice",
};
const partsOnly: StatementName[] = ["filters", "after", "distance", "optional-columns"];

/** A statement with chosen lines as it is sent, with placeholders without names. */
function textOf(name: StatementName, marks: Set<string>): string {
  const inner = (part: string): string => {
    const other = part === "rows" && !/VALUES\s+\{rows\}/.test(statements[name]) ? "source-rows" : parts[part];
    if (other) return textOf(other, marks);
    const texts: Record<string, string> = {
      rows: "(?, ?), (?, ?)",
      columns: "address, city",
      groups: "l.city, l.year",
      boxes: "FALSE",
      cities: /\(\{cities\}\)/.test(statements[name]) ? "?" : "IN (?)",
      index: /FORCE INDEX \(\{index\}\)/.test(statements[name]) ? "by_id" : "FORCE INDEX (by_id)",
    };
    return texts[part] ?? "?, ?";
  };
  const text = withLines(statements[name], marks);
  const filled = fill(
    text,
    Object.fromEntries([...text.matchAll(/\{(\w+)\}/g)].map(([, part = ""]) => [part, inner(part)])),
  );
  return filled.replaceAll(/\{\w+\}/g, "?").replaceAll(/(?<![:\w]):\w+/g, "?");
}

test("every statement, with each of its optional lines, is one of the grammar of MySQL 8", () => {
  const texts = new Set(
    names
      .filter((name) => !partsOnly.includes(name))
      .flatMap((name) => marksOf(name).map((marks) => textOf(name, marks))),
  );
  expect(texts.size).toBeGreaterThan(names.length);
  expect([...texts].flatMap((text) => faultOf(text) ?? [])).toEqual([]);
});

test.each(["accounts", "ingest", "properties"])("so are the migrations of %s, and what they prepare", (app) => {
  const folder = new URL(`../../../${app}/migrations/`, import.meta.url);
  const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  const all = texts.flatMap((text) => parser.splitStatements(text).map((statement) => statement.text));
  const prepared = all.flatMap((text) =>
    [...text.matchAll(/'((?:ALTER|INSERT|UPDATE|DROP|CREATE)\s(?:[^']|'')+)'/g)].map(([, inner = ""]) =>
      inner.replaceAll("''", "'"),
    ),
  );
  expect(all.length).toBeGreaterThan(texts.length);
  expect([...all, ...prepared].flatMap((text) => faultOf(text) ?? [])).toEqual([]);
});

test("nothing is used that MySQL 8 has deprecated or means otherwise", () => {
  for (const name of names) {
    const text = statements[name];
    expect(text, name).not.toMatch(/=\s*(?:\w+\()?VALUES\s*\(/i); // In an upsert; `INSERT ... SELECT ... AS n` has the values as `n`.
    expect(text, name).not.toMatch(/\bLIMIT\s+(?!:\w+|\d+\b)/i);
    expect(text, name).not.toMatch(/SQL_CALC_FOUND_ROWS|FOUND_ROWS\(|\|\|\s*'|&&|(?<!:):=/i);
  }
});

test("the grammar refuses what only MariaDB has", () => {
  const only = [
    "INSERT INTO listing (property_id) VALUES (1) RETURNING property_id",
    "DELETE FROM listing WHERE property_id = 1 RETURNING property_id",
    "SET STATEMENT max_statement_time = 1 FOR SELECT 1",
    "CREATE OR REPLACE TABLE listing (property_id INT)",
    "ALTER TABLE listing ADD COLUMN IF NOT EXISTS city INT",
    "DROP INDEX IF EXISTS by_id ON listing",
    "CREATE SEQUENCE numbers",
    "SELECT NEXT VALUE FOR numbers",
    "SELECT price FROM listing LIMIT ROWS EXAMINED 5",
    "SELECT price FROM listing ORDER BY price OFFSET 3 ROWS FETCH NEXT 2 ROWS ONLY",
    "SELECT MEDIAN(price) OVER (PARTITION BY city) FROM listing",
    "BEGIN NOT ATOMIC SELECT 1; END",
    "SELECT price FROM listing LIMIT 1.5",
  ];
  expect(only.filter((text) => faultOf(text) === undefined)).toEqual([]);
});
