import {
  inReadOnlySession,
  type MysqlPool,
  type QueryResult,
  type ReadOnlySession,
  type ReadOnlyUser,
  ReadOnlyUserFault,
  ResultTooLarge,
  readStatement,
  type Statement,
  StatementFault,
} from "@quintet/db";
import { type InputFault, isTimeout, isUnavailable, Problem } from "@quintet/http";
import { parameterFaults, placeholders, type Values } from "./parameters.ts";
import type { JsonValue, Parameter, Report, ResultColumn } from "./report.ts";
import type { ReportDraft } from "./report-queries.ts";
import { resultColumn, resultValue } from "./result.ts";

const MiB = 1024 * 1024;
/** Bounds of a result. */
const maxRows = 100_000;
const maxBytes = 16 * MiB;

/** What reports run with. */
export interface ReportContext {
  /** The user that they run as. */
  user: ReadOnlyUser;
  /** Connections of the app itself with exact values, for the reports that came with it where there is no such user. */
  own: MysqlPool;
  /** The names of the tables that reports may read. */
  readable(): Promise<readonly string[]>;
}

/** The result of a report: the columns of its summary by name, and its rows. */
export interface ReportResult {
  summary: Record<string, JsonValue>;
  columns: ResultColumn[];
  rows: Record<string, JsonValue>[];
}

/** Runs a report with the values of a request. */
export async function runReport(context: ReportContext, report: Report, values: Values): Promise<ReportResult> {
  const statement = readStatement(report.sql);
  const text = textOf(statement, report.params);
  const bound = statement.parameters.map((name) => values.bound.get(name) ?? null);
  try {
    const read = (session: ReadOnlySession) => session.read(text, bound, { rows: maxRows, bytes: maxBytes });
    return toResult(await asReportUser(context, report.own, read), report.summary);
  } catch (error) {
    if (error instanceof ResultTooLarge) throw tooLarge(error);
    throw statementProblem(error) ?? error;
  }
}

function toResult({ fields, rows }: QueryResult, summary: readonly string[]): ReportResult {
  const all = fields.map((field, at) => ({ ...resultColumn(field), at }));
  // A table has changed since the report was saved.
  const [fault] = columnFaults(all, summary);
  if (fault) throw new Problem("unprocessable", `The report cannot run: its ${fault.path} ${fault.message}.`);
  const beside = all.filter(({ name }) => summary.includes(name));
  const columns = all.filter(({ name }) => !summary.includes(name));
  const read = (row: readonly unknown[], from: typeof all) =>
    Object.fromEntries(from.map(({ name, type, at }) => [name, resultValue(row[at], type)]));
  const hasValues = (row: readonly unknown[]) => columns.some(({ at }) => row[at] !== null);
  return {
    summary: read(rows[0] ?? all.map(() => null), beside),
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: (summary.length > 0 ? rows.filter(hasValues) : rows).map((row) => read(row, columns)),
  };
}

/** Throws a 422 that names `sql`, `summary` or a parameter when the report cannot run. */
export async function checkReport(context: ReportContext, draft: ReportDraft): Promise<void> {
  requireNone(draft.params.flatMap((parameter, at) => parameterFaults(parameter, `params.${at}`)));
  const statement = statementOf(draft.sql);
  requireNone(parameterUse(draft.params, statement));
  const prepare = (session: ReadOnlySession) => session.prepare(textOf(statement, draft.params));
  const fields = await asReportUser(context, false, prepare).catch((error: unknown) => {
    const problem = statementProblem(error);
    if (problem) requireNone([{ path: "sql", message: problem.message }]);
    throw error;
  });
  requireNone(columnFaults(fields, draft.summary));
  const taken = new Set([...draft.params.map(({ name }) => name), "rows", "columns"]);
  const clash = draft.summary.find((name) => taken.has(name));
  if (clash !== undefined) requireNone([{ path: "summary", message: `has ${clash}, which a response has already` }]);
}

function statementOf(sql: string): Statement {
  try {
    return readStatement(sql);
  } catch (error) {
    if (error instanceof StatementFault) requireNone([{ path: "sql", message: error.message }]);
    throw error;
  }
}

/** Parameters that the statement uses and that are not defined, or the other way round. */
function parameterUse(params: readonly Parameter[], { parameters: used }: Statement): InputFault[] {
  const defined = params.map(({ name }) => name);
  const unknown = used.filter((name) => !defined.includes(name));
  return [
    ...unknown.map((name) => ({ path: "sql", message: `uses :${name}, which is not among the parameters` })),
    ...defined.flatMap((name, at) =>
      used.includes(name) ? [] : [{ path: `params.${at}.name`, message: "is not used" }],
    ),
  ];
}

function requireNone(faults: readonly InputFault[]): void {
  const [first] = faults;
  if (first) throw new Problem("unprocessable", `${first.path}: ${first.message}`, { errors: [...faults] });
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

function textOf(statement: Statement, parameters: readonly Parameter[]): string {
  return statement.text((name) => placeholders[parameters.find((each) => each.name === name)?.type ?? "string"]);
}

/** MySQL's error numbers for a table that the user may not read, which may not exist, and for a user that it does not let in. */
const deniedTable = 1142;
const deniedUser = new Set([1044, 1045, 1698]);

/** Does what needs the rights of the report user; after a refusal once more, with its rights looked at again. */
async function asReportUser<T>(
  { user, own, readable }: ReportContext,
  isOwn: boolean,
  work: (session: ReadOnlySession) => Promise<T>,
): Promise<T> {
  const attempt = async () => {
    const pool = await user.pool().catch((error: unknown) => {
      if (!(error instanceof ReadOnlyUserFault)) throw error;
      if (isOwn) return own;
      throw new Problem("unavailable", `Saved reports cannot run. ${error.message}`, {
        headers: { "Retry-After": "60" },
      });
    });
    return inReadOnlySession(pool, work);
  };
  try {
    return await attempt();
  } catch (error) {
    if (errnoOf(error) !== deniedTable && !deniedUser.has(errnoOf(error) ?? 0)) throw error;
  }
  user.renew(); // A table may be new, or the user gone.
  try {
    return await attempt();
  } catch (error) {
    if (errnoOf(error) !== deniedTable) throw error;
    const [, command = "", table = ""] = /^(\w+)[\s\S]*for table (\S+)$/.exec(String((error as Error).message)) ?? [];
    throw new Problem(
      "unprocessable",
      refusal(command, table.replace(/^.*\./, "").replaceAll(/[`']/g, ""), await readable()),
      {
        cause: error,
      },
    );
  }
}

function refusal(command: string, table: string, readable: readonly string[]): string {
  if (command.toUpperCase() !== "SELECT") return `Reports can only read: ${command} is refused.`;
  if (!readable.includes(table)) return `Table ${table} not found; the tables are ${readable.join(", ")}.`;
  return `The database user for reports lacks the right to read ${table}.`;
}

function errnoOf(error: unknown): number | undefined {
  return error instanceof Error && "errno" in error && "sqlState" in error ? Number(error.errno) : undefined;
}

/** The problem with a statement that MySQL has refused, in its words; undefined when it is no fault of the statement. */
function statementProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem && error.code === "unprocessable") return error;
  if (errnoOf(error) === undefined || isTimeout(error) || isUnavailable(error)) return undefined;
  // MySQL names the account and the database.
  const message = String((error as Error).message)
    .replace(/^You have an error in your SQL syntax; .* to use near /, "its SQL has a syntax error near ")
    .replaceAll(/'[^']*'@'[^']*'/g, "of reports")
    .replaceAll(/[`'][\w$]+[`']\.(?=[`'])/g, "");
  return new Problem("unprocessable", `The report cannot run: ${message}`, { cause: error });
}

function tooLarge({ bound }: ResultTooLarge): Problem {
  const limit = bound === "rows" ? `${maxRows} rows` : `${maxBytes / MiB} MiB`;
  return new Problem("unprocessable", `The report has more than ${limit}. Narrow it by its parameters or by LIMIT.`);
}
