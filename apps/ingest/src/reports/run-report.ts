import {
  asSqlReader,
  type JsonValue,
  type MysqlPool,
  type ParameterValues,
  parameterFaults,
  parameterUse,
  type QueryResult,
  type ReadOnlySession,
  type ResultColumn,
  readAll,
  requireNone,
  resultColumn,
  resultValue,
  type SqlReader,
  type Statement,
  statementOf,
  textOf,
} from "@quintet/db";
import { type InputFault, Problem } from "@quintet/http";
import type { FieldPacket } from "mysql2/promise";
import type { Table } from "../tables/table.ts";
import type { Report } from "./report.ts";
import type { ReportDraft } from "./report-queries.ts";

const MiB = 1024 * 1024;
/** Bounds of a result. */
const bounds = { rows: 100_000, bytes: 16 * MiB };

/** What reports run with. */
export interface ReportContext {
  /** As whom they run. */
  reader: SqlReader;
  /** Connections of the app itself with exact values, for the reports that came with it where there is no such user. */
  own: MysqlPool;
  /** The definitions of the tables. */
  tables(): Promise<readonly Table[]>;
}

/** The result of a report: the columns of its summary by name, and its rows. */
export interface ReportResult {
  summary: Record<string, JsonValue>;
  columns: ResultColumn[];
  rows: Record<string, JsonValue>[];
}

/** Runs a report with the values of a request. */
export async function runReport(
  { reader, own, tables }: ReportContext,
  report: Report,
  values: ParameterValues,
): Promise<ReportResult> {
  const statement = statementOf(report.sql, "sql");
  const text = textOf(statement, report.params);
  const bound = statement.parameters.map((name) => values.bound.get(name) ?? null);
  const read = (session: ReadOnlySession) => readAll(session, text, bound, bounds);
  const result = await asSqlReader(reader, read, report.own ? own : undefined);
  const hasTimes = result.fields.some((field) => resultColumn(field).type === "datetime");
  const isMoment = momentsIn(hasTimes ? await tables() : [], statement);
  return toResult(result, report.summary, isMoment);
}

/**
 * Whether a datetime column of a result has moments. The server says which column of a table it is, if it is one; of the columns of some
 * subqueries it says that they are of a table by the name of the subquery. What is computed has moments unless one of the tables that the
 * statement may read also has local dates and times.
 */
function momentsIn(tables: readonly Table[], { subqueries, names }: Statement): (field: FieldPacket) => boolean {
  const isZoned = new Map<string, boolean>();
  let hasLocal = false;
  for (const { name, columns } of tables) {
    for (const column of columns) {
      if (column.type !== "datetime") continue;
      isZoned.set(`${name}.${column.name}`, column.zoned);
      if (!column.zoned && names.has(name.toLowerCase())) hasLocal = true;
    }
  }
  return ({ schema, orgTable, orgName }) => {
    const isColumn = schema !== "" && !subqueries.has(orgTable.toLowerCase());
    return (isColumn ? isZoned.get(`${orgTable}.${orgName}`) : undefined) ?? !hasLocal;
  };
}

function toResult(
  { fields, rows }: QueryResult,
  summary: readonly string[],
  isMoment: (field: FieldPacket) => boolean,
): ReportResult {
  const all = fields.map((field, at) => ({ ...resultColumn(field), at, isMoment: isMoment(field) }));
  // A table has changed since the report was saved.
  const [fault] = columnFaults(all, summary);
  if (fault) throw new Problem("unprocessable", `The report cannot run: its ${fault.path} ${fault.message}.`);
  const beside = all.filter(({ name }) => summary.includes(name));
  const columns = all.filter(({ name }) => !summary.includes(name));
  const read = (row: readonly unknown[], from: typeof all) =>
    Object.fromEntries(from.map(({ name, type, at, isMoment }) => [name, resultValue(row[at], type, isMoment)]));
  const hasValues = (row: readonly unknown[]) => columns.some(({ at }) => row[at] !== null);
  return {
    summary: read(rows[0] ?? all.map(() => null), beside),
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: (summary.length > 0 ? rows.filter(hasValues) : rows).map((row) => read(row, columns)),
  };
}

/** Throws a 422 that names `sql`, `summary` or a parameter when the report cannot run. */
export async function checkReport({ reader }: ReportContext, draft: ReportDraft): Promise<void> {
  requireNone(draft.params.flatMap((parameter, at) => parameterFaults(parameter, `params.${at}`)));
  const statement = statementOf(draft.sql, "sql");
  requireNone(parameterUse(draft.params, statement));
  const prepare = (session: ReadOnlySession) => session.prepare(textOf(statement, draft.params));
  const fields = await asSqlReader(reader, prepare).catch((error: unknown) => {
    if (error instanceof Problem && error.code === "unprocessable")
      requireNone([{ path: "sql", message: error.message }]);
    throw error;
  });
  requireNone(columnFaults(fields, draft.summary));
  const taken = new Set([...draft.params.map(({ name }) => name), "rows", "columns"]);
  const clash = draft.summary.find((name) => taken.has(name));
  if (clash !== undefined) requireNone([{ path: "summary", message: `has ${clash}, which a response has already` }]);
}

/** Why rows with these columns cannot be objects, or what the summary lacks. */
function columnFaults(columns: readonly { name: string }[], summary: readonly string[]): InputFault[] {
  const names = columns.map(({ name }) => name);
  if (names.length === 0) return [{ path: "sql", message: "has no rows as its result" }];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return [{ path: "sql", message: `has two columns ${twice}: name one of them with AS` }];
  const missing = summary.find((name) => !names.includes(name));
  if (missing !== undefined) return [{ path: "summary", message: `has ${missing}, which is no column of the result` }];
  return names.every((name) => summary.includes(name)) ? [{ path: "summary", message: "leaves no column" }] : [];
}
