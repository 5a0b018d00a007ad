import { type InputFault, isTimeout, isUnavailable, Problem } from "@quintet/http";
import type { Pool } from "mysql2/promise";
import {
  inReadOnlySession,
  type QueryResult,
  type ReadOnlySession,
  type ResultBounds,
  ResultTooLarge,
  type StatementWarning,
} from "../mysql/read-only-session.ts";
import { type ReadOnlyUser, ReadOnlyUserFault } from "../mysql/read-only-user.ts";
import { readStatement, type Statement, StatementFault, type StatementRules } from "../mysql/read-statement.ts";
import { type Parameter, placeholders } from "./parameters.ts";

/** As whom SQL that others have written runs, and what it is called in messages. */
export interface SqlReader {
  /** The database user who can only read these tables. */
  user: ReadOnlyUser;
  /** The names of the tables that it may read. */
  readable(): Promise<readonly string[]>;
  /** What cannot run, as the subject of a sentence: "The report". */
  subject: string;
  /** All of these: "Saved reports". */
  subjects: string;
  /** Whether each statement has a connection of its own, which ends with it. Otherwise its session is made as new. */
  endsConnections: boolean;
}

const MiB = 1024 * 1024;

/** MySQL's error numbers for a table that the user may not read, which may not exist, for one that does not, and for a user not let in. */
const deniedTable = 1142;
const missingTable = 1146;
const deniedUser = new Set([1044, 1045, 1698]);

/** Reads a statement; a 422 that names `path` says why it is refused. */
export function statementOf(sql: string, path: string, rules?: StatementRules): Statement {
  try {
    return readStatement(sql, rules);
  } catch (error) {
    if (error instanceof StatementFault) requireNone([{ path, message: error.message }]);
    throw error;
  }
}

/** Parameters that a statement uses and that are not defined, or the other way round; paths as in `{sql, params: […]}`. */
export function parameterUse(params: readonly Parameter[], { parameters: used }: Statement): InputFault[] {
  const defined = params.map(({ name }) => name);
  const unknown = used.filter((name) => !defined.includes(name));
  return [
    ...unknown.map((name) => ({ path: "sql", message: `uses :${name}, which is not among the parameters` })),
    ...defined.flatMap((name, at) =>
      used.includes(name) ? [] : [{ path: `params.${at}.name`, message: "is not used" }],
    ),
  ];
}

/** The text of a statement whose parameters have these types. */
export function textOf(statement: Statement, parameters: readonly Pick<Parameter, "name" | "type">[]): string {
  return statement.text((name) => placeholders[parameters.find((each) => each.name === name)?.type ?? "string"]);
}

/** Throws the faults as a 422, if there are any. */
export function requireNone(faults: readonly InputFault[]): void {
  const [first] = faults;
  if (first) throw new Problem("unprocessable", `${first.path}: ${first.message}`, { errors: [...faults] });
}

/**
 * Does what needs the rights of the user; after a refusal once more, with its rights looked at again. Throws a 503 where there is no such
 * user, unless `otherwise` runs it then, and a 422 in the server's words when the statement is at fault.
 */
export async function asSqlReader<T>(
  reader: SqlReader,
  work: (session: ReadOnlySession) => Promise<T>,
  otherwise?: Pool,
): Promise<T> {
  const { user, subjects, endsConnections } = reader;
  const attempt = async () => {
    const pool = await user.pool().catch((error: unknown) => {
      if (!(error instanceof ReadOnlyUserFault)) throw error;
      if (otherwise) return otherwise;
      throw new Problem("unavailable", `${subjects} cannot run. ${error.message}`, {
        headers: { "Retry-After": "60" },
      });
    });
    return inReadOnlySession(pool, work, { endsConnection: endsConnections && pool !== otherwise });
  };
  try {
    return await attempt();
  } catch (error) {
    if (errnoOf(error) !== deniedTable && !deniedUser.has(errnoOf(error) ?? 0))
      throw await statementProblem(reader, error);
  }
  user.renew(); // A table may be new, or the user gone.
  try {
    return await attempt();
  } catch (error) {
    if (errnoOf(error) !== deniedTable) throw await statementProblem(reader, error);
    const [, command = "", table = ""] = /^(\w+)[\s\S]*for table (\S+)$/.exec(String((error as Error).message)) ?? [];
    const name = table.replace(/^.*\./, "").replaceAll(/[`']/g, "");
    throw new Problem("unprocessable", await refusal(reader, command, name), { cause: error });
  }
}

async function refusal({ subjects, readable }: SqlReader, command: string, table: string): Promise<string> {
  if (command.toUpperCase() !== "SELECT") return `${subjects} can only read: ${command} is refused.`;
  const tables = await readable();
  if (!tables.includes(table)) {
    return `Table ${table} not found; ${tables.length === 0 ? "there are no tables" : `the tables are ${tables.join(", ")}`}.`;
  }
  return `The database user of ${subjects.toLowerCase()} lacks the right to read ${table}.`;
}

/** Warnings of a result that is not complete: a recursion of MariaDB, GROUP_CONCAT(), a text that is NULL because it is too long. */
const incomplete = /max_recursive_iterations|was cut by .*group_concat|larger than max_allowed_packet/i;

/**
 * Executes a statement. A result that the server has cut, with a warning only, is a 422, as a recursion is in MySQL; other warnings are with
 * the result.
 */
export async function readAll(
  session: ReadOnlySession,
  text: string,
  values: unknown[],
  bounds: ResultBounds,
): Promise<QueryResult & { warnings: StatementWarning[] }> {
  const result = await session.read(text, values, bounds);
  const warnings = await session.warnings();
  const cut = warnings.find(({ message }) => incomplete.test(message));
  if (cut) throw new Problem("unprocessable", `The result is not complete: ${serverMessage(cut.message)}`);
  return { ...result, warnings: warnings.map(({ code, message }) => ({ code, message: serverMessage(message) })) };
}

function errnoOf(error: unknown): number | undefined {
  return error instanceof Error && "errno" in error && "sqlState" in error ? Number(error.errno) : undefined;
}

/** The error as a problem in the server's words when the statement is at fault; any other as it is. */
async function statementProblem(reader: SqlReader, error: unknown): Promise<unknown> {
  const { subject } = reader;
  if (error instanceof ResultTooLarge) {
    const limit = error.bound === "rows" ? `${error.limit} rows` : `${error.limit / MiB} MiB`;
    return new Problem("unprocessable", `${subject} has more than ${limit}. Narrow it by its parameters or by LIMIT.`, {
      cause: error,
    });
  }
  if (errnoOf(error) === missingTable) {
    const [, table = ""] = /^Table '(?:.*\.)?(.*)' doesn't exist$/.exec((error as Error).message) ?? [];
    return new Problem("unprocessable", await refusal(reader, "SELECT", table), { cause: error });
  }
  if (errnoOf(error) === undefined || isTimeout(error) || isUnavailable(error)) return error;
  return new Problem("unprocessable", `${subject} cannot run: ${serverMessage((error as Error).message)}`, {
    cause: error,
  });
}

/** What the server says, without the names of accounts and of the database. */
function serverMessage(message: string): string {
  return message
    .replace(/^You have an error in your SQL syntax; .* to use near /, "its SQL has a syntax error near ")
    .replaceAll(/'[^']*'@'[^']*'/g, "of its database user")
    .replaceAll(/[`'][\w$]+[`']\.(?=[`'])/g, "");
}
