import {
  asSqlReader,
  type JsonValue,
  type ResultColumn,
  readAll,
  requireNone,
  resultColumn,
  resultValue,
  type SqlReader,
  type StatementWarning,
  statementOf,
  type TypedValue,
  textOf,
} from "@quintet/db";
import { type PlanStep, planTree } from "./plan.ts";
import type { SqlAccess } from "./sql-access.ts";

/** Where a result is cut. */
export const sqlBounds = { rows: 10_000, bytes: 4 * 1024 * 1024, cuts: true };

/** The rows of a statement. Two columns may have one name, so each row is an array. */
export interface SqlResult {
  columns: ResultColumn[];
  rows: JsonValue[][];
  /** Whether there are more rows, and the bound at which the rows were cut. */
  truncated: boolean;
  truncatedBy: "rows" | "bytes" | null;
  warnings: StatementWarning[];
}

/**
 * Executes one SELECT with values for its parameters, on listings that follow what was written before. Throws a 422 that names `sql` or
 * `params` when it may not be run.
 */
export async function runSql(
  { reader, follow }: Pick<SqlAccess, "reader" | "follow">,
  sql: string,
  values: ReadonlyMap<string, TypedValue>,
): Promise<SqlResult> {
  const { text, bound } = bind(sql, values);
  await follow();
  const { fields, rows, cutBy, warnings } = await asSqlReader(reader, (session) =>
    readAll(session, text, bound, sqlBounds),
  );
  const columns = fields.map(exactColumn);
  return {
    columns,
    rows: rows.map((row) => row.map((value, at) => resultValue(value, columns[at]?.type ?? "string"))),
    truncated: cutBy !== undefined,
    truncatedBy: cutBy ?? null,
    warnings,
  };
}

/** The plan of one SELECT, which is not executed. */
export async function explainSql(
  reader: SqlReader,
  sql: string,
  values: ReadonlyMap<string, TypedValue>,
): Promise<PlanStep> {
  const { text, bound } = bind(sql, values);
  return planTree(await asSqlReader(reader, (session) => session.explain(text, bound)));
}

/** Whether a statement is an EXPLAIN; a 422 when it is neither that nor a query. */
export function explains(sql: string): boolean {
  return statementOf(sql, "sql", { explain: true }).explains;
}

/** A column with its exact values: a TINYINT of one digit may hold more than true and false. */
export function exactColumn(field: Parameters<typeof resultColumn>[0]): ResultColumn {
  const column = resultColumn(field);
  return column.type === "boolean" ? { ...column, type: "integer" } : column;
}

/** The statement as it is sent, with its values in their order. */
function bind(sql: string, values: ReadonlyMap<string, TypedValue>): { text: string; bound: unknown[] } {
  const statement = statementOf(sql, "sql", { explain: true });
  const unknown = statement.parameters.filter((name) => !values.has(name));
  const unused = [...values.keys()].filter((name) => !statement.parameters.includes(name));
  requireNone([
    ...unknown.map((name) => ({ path: "sql", message: `uses :${name}, which is not among the params` })),
    ...unused.map((name) => ({ path: `params.${name}`, message: "is not used" })),
  ]);
  const typed = [...values].map(([name, { type }]) => ({ name, type }));
  return { text: textOf(statement, typed), bound: statement.parameters.map((name) => values.get(name)?.bound) };
}
