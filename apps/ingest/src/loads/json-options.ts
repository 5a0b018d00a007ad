import { type Dialect, defaultDialect } from "../csv/dialect.ts";
import { type FieldFormat, tableFormat } from "../fields/field-format.ts";
import { missingInJson } from "../rows/json-lines.ts";
import type { Table } from "../tables/table.ts";
import type { LoadOptions } from "./load.ts";
import { LoadFailed } from "./load-problem.ts";

const csvOnly = [
  ...["delimiter", "quote", "escape", "encoding", "skip", "comment", "decimal", "thousands", "trim"],
  ...["trailingDelimiter", "lineEnd"],
] as readonly (keyof Dialect)[];

/** Throws a 422 for parameters that mean nothing in an NDJSON file. */
export function refuseCsvOptions({ dialect, header }: Pick<LoadOptions, "dialect" | "header">): void {
  const wrong = csvOnly.filter((name) => dialect[name] !== undefined && dialect[name] !== defaultDialect[name]);
  const names: string[] = header === "false" ? ["header", ...wrong] : wrong;
  if (names.length === 0) return;
  const message = "means nothing in a file of JSON objects";
  throw new LoadFailed("unprocessable", `Nothing was stored: ${names.join(", ")} ${message}.`, {
    errors: names.map((path) => ({ path, message })),
  });
}

/** How the texts in an NDJSON file are read: as in CSV, but an empty text is a text. */
export function jsonFormat(table: Table, given: Partial<Dialect>): FieldFormat {
  const { dateFormat, defaultZone, round = false, trueValues, falseValues } = { ...table.dialect, ...given };
  return {
    ...tableFormat(table),
    missing: missingInJson(given.missing),
    dateFormat: dateFormat ?? undefined,
    defaultZone: defaultZone ?? undefined,
    round,
    trueValues: trueValues ?? undefined,
    falseValues: falseValues ?? undefined,
  };
}
