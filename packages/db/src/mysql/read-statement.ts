import { mayPrecedeParenthesis } from "./pure-functions.ts";
import { StatementFault, type Token, tokensOf } from "./sql-tokens.ts";
import { nameOf, subqueryNames } from "./subquery-names.ts";
import { textGrowthFault } from "./text-growth.ts";

export { StatementFault } from "./sql-tokens.ts";

/** SQL that somebody has written, as it is sent: with a `?` for each of its parameters. */
export interface Statement {
  /** Makes the text; `placeholder` is what stands for a parameter, with one `?`. */
  text(placeholder: (parameter: string) => string): string;
  /** The names of the parameters in the order of their places; one may occur several times. */
  parameters: string[];
  /** Whether EXPLAIN was before it; it is not part of the text. */
  explains: boolean;
  /** The names that it gives to its subqueries and common table expressions, in lower case. */
  subqueries: ReadonlySet<string>;
  /** All names in it, of tables, columns and others, and its words, in lower case. */
  names: ReadonlySet<string>;
}

/** What else `readStatement` admits. */
export interface StatementRules {
  /** EXPLAIN of a statement, which then must not be executed. */
  explain?: boolean;
}

/** The mode in which MySQL reads such a text as `tokensOf` does: `"` begins a text and `\` escapes, as by default. */
export const readStatementMode =
  "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/** Servers describe themselves in these databases, to everybody. */
const ownSchemas = new Set(["INFORMATION_SCHEMA", "PERFORMANCE_SCHEMA", "MYSQL", "SYS"]);
const userWords = new Set(["CURRENT_USER", "CURRENT_ROLE", "SESSION_USER", "SYSTEM_USER"]);

/**
 * Reads a SQL text with parameters such as `:year`. Throws `StatementFault` unless it is one SELECT that only computes: this keeps out
 * what a database user who may do nothing but read tables could still do, and what MySQL would take for a comment or for code by its
 * version. It is one layer of several: see docs/decisions/saved-reports.md.
 */
export function readStatement(sql: string, { explain = false }: StatementRules = {}): Statement {
  const tokens = tokensOf(sql);
  while (tokens.at(-1)?.text === ";") tokens.pop();
  const explains = explain && takeExplain(tokens);
  const first = tokens.find(({ text }) => text !== "(");
  if (first?.kind !== "word" || !/^(?:SELECT|WITH)$/i.test(first.text)) {
    throw new StatementFault("must be one query: SELECT, or WITH and then SELECT");
  }
  for (const [at, token] of tokens.entries()) checkToken(tokens, at, token);
  requireSelect(tokens);
  const growth = textGrowthFault(tokens);
  if (growth !== undefined) throw new StatementFault(growth);
  return {
    explains,
    subqueries: subqueryNames(tokens),
    names: new Set(tokens.flatMap((token) => nameOf(token)?.toLowerCase() ?? [])),
    parameters: tokens.flatMap(({ kind, text }) => (kind === "parameter" ? [text] : [])),
    text: (placeholder) =>
      tokens.map(({ kind, text, blank }) => blank + (kind === "parameter" ? placeholder(text) : text)).join(""),
  };
}

/** Takes EXPLAIN, or EXPLAIN FORMAT = JSON, off the beginning; whether it was there. Other forms remain, and are no query. */
function takeExplain(tokens: Token[]): boolean {
  const words = tokens
    .slice(0, 4)
    .map(({ kind, text }) => (kind === "word" || kind === "sign" ? text.toUpperCase() : ""));
  if (words[0] !== "EXPLAIN") return false;
  tokens.splice(0, words.join(" ") === "EXPLAIN FORMAT = JSON" ? 4 : 1);
  return true;
}

/** How deep parentheses may be: what reads them does so in one another. */
const maxDepth = 100;

/** A WITH may stand before a statement that writes as well; only MySQL 8 knows that. */
function requireSelect(tokens: readonly Token[]): void {
  let depth = 0;
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind === "sign") depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    const writes = kind === "word" && /^(?:DELETE|UPDATE|INSERT|REPLACE)$/i.test(text) && tokens[at + 1]?.text !== "(";
    if (depth > maxDepth) throw new StatementFault(`must not have more than ${maxDepth} parentheses in one another`);
    if (depth === 0 && writes) throw new StatementFault(`must not write (${text.toUpperCase()})`);
  }
}

function checkToken(tokens: readonly Token[], at: number, token: Token): void {
  const upper = nameOf(token)?.toUpperCase();
  const next = tokens[at + 1];
  if (token.kind === "sign") {
    if (token.text === ";") throw new StatementFault("must be one statement");
    if (token.text === "@") throw new StatementFault("must use no variables (@)");
    if (token.text === "?") throw new StatementFault("must name its parameters, as in :year");
    return;
  }
  if (upper === undefined) return;
  if (next?.text === "(" && tokens[at - 1]?.text === ".") {
    throw new StatementFault(`must call no stored function: ${token.text}()`);
  }
  if (next?.text === "(" && !mayPrecedeParenthesis(upper) && !isCommonTable(tokens, at + 1)) {
    throw new StatementFault(`must not call ${token.text}(): only functions that compute are allowed`);
  }
  if (ownSchemas.has(upper) && next?.text === ".") throw new StatementFault(`must not read ${token.text}`);
  if (token.kind !== "word") return;
  const following = next?.kind === "word" ? next.text.toUpperCase() : "";
  if (upper === "INTO") throw new StatementFault("must not write (INTO)");
  if ((upper === "NEXT" || upper === "PREVIOUS") && following === "VALUE") {
    throw new StatementFault("must use no sequence (NEXT VALUE)");
  }
  if (upper === "PROCEDURE") throw new StatementFault("must call no procedure");
  if (userWords.has(upper)) throw new StatementFault(`must not use ${upper}`);
  if ((upper === "FOR" && /^(?:UPDATE|SHARE)$/.test(following)) || (upper === "LOCK" && following === "IN")) {
    throw new StatementFault("must not lock rows (FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE)");
  }
}

/** Whether a parenthesis begins the column list of a common table expression: `WITH name (a, b) AS (…)`. */
function isCommonTable(tokens: readonly Token[], open: number): boolean {
  const close = tokens.findIndex(({ text }, at) => at > open && text === ")");
  const names = tokens.slice(open + 1, close);
  return (
    close !== -1 &&
    names.every((token, at) => (at % 2 === 0 ? nameOf(token) !== undefined : token.text === ",")) &&
    /^AS$/i.test(tokens[close + 1]?.text ?? "") &&
    tokens[close + 2]?.text === "("
  );
}
