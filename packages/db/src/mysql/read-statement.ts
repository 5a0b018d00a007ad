import { mayPrecedeParenthesis } from "./pure-functions.ts";

/** SQL that somebody has written, as it is sent: with a `?` for each of its parameters. */
export interface Statement {
  /** Makes the text; `placeholder` is what stands for a parameter, with one `?`. */
  text(placeholder: (parameter: string) => string): string;
  /** The names of the parameters in the order of their places; one may occur several times. */
  parameters: string[];
  /** Whether EXPLAIN was before it; it is not part of the text. */
  explains: boolean;
}

/** What else `readStatement` admits. */
export interface StatementRules {
  /** EXPLAIN of a statement, which then must not be executed. */
  explain?: boolean;
}

/** Why a SQL text is refused, as the rest of a sentence about it. */
export class StatementFault extends Error {
  override name = "StatementFault";
}

/** The mode in which MySQL reads such a text as `tokensOf` does: `"` begins a text and `\` escapes, as by default. */
export const readStatementMode =
  "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

interface Token {
  kind: "word" | "quoted" | "text" | "parameter" | "sign";
  /** As it stands in the SQL; of a parameter its name. */
  text: string;
  /** What is sent before it: nothing, a blank or line ends. */
  blank: string;
}

// Reference Manual, "Literal Values", "Schema Object Names", "Comments".
const patterns: [kind: Token["kind"] | "skipped" | "executable", pattern: RegExp][] = [
  // Other blanks of Unicode are letters of names for MySQL.
  ["skipped", /[ \t-\r]+/y],
  ["executable", /\/\*(?:!|M!|\+)/y],
  ["skipped", /--(?=[ \t-\r]|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\//y],
  ["text", /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"/y],
  ["quoted", /`(?:[^`]|``)*`/y],
  ["parameter", /:[A-Za-z][A-Za-z0-9_]*/y],
  ["word", /[\w$\u0080-\uffff]+/y],
  ["sign", /[^'"`\0]/y],
];

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
  return {
    explains,
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

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let blank: string | undefined;
  for (let at = 0; at < sql.length; ) {
    const found = patterns.find(([, pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(sql);
    });
    if (!found)
      throw new StatementFault(`has a text, a name or a comment without an end, or a NUL: ${excerpt(sql, at)}`);
    const [kind, { lastIndex }] = found;
    const text = sql.slice(at, lastIndex);
    if (kind === "executable") {
      throw new StatementFault("must have no comments that are code or hints (/*! … */, /*M! … */, /*+ … */)");
    }
    if (kind === "sign" && text === "/" && sql[lastIndex] === "*") {
      throw new StatementFault(`has a comment without an end: ${excerpt(sql, at)}`);
    }
    // Comments are not sent, their line ends are: the server's messages have the lines of the text.
    if (kind === "skipped") blank = (blank ?? "") + text.replaceAll(/[^\n]/g, "");
    else {
      tokens.push({
        kind,
        text: kind === "parameter" ? text.slice(1) : text,
        blank: blank === undefined ? "" : blank || " ",
      });
      blank = undefined;
    }
    at = lastIndex;
  }
  return tokens;
}

function excerpt(sql: string, at: number): string {
  return JSON.stringify(sql.slice(at, at + 20));
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
  if (upper === "PROCEDURE") throw new StatementFault("must call no procedure");
  if (userWords.has(upper)) throw new StatementFault(`must not use ${upper}`);
  if ((upper === "FOR" && /^(?:UPDATE|SHARE)$/.test(following)) || (upper === "LOCK" && following === "IN")) {
    throw new StatementFault("must not lock rows (FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE)");
  }
}

/** The name that a token is, without its quotes; undefined when it is none. */
function nameOf({ kind, text }: Token): string | undefined {
  if (kind === "word") return text;
  return kind === "quoted" ? text.slice(1, -1).replaceAll("``", "`") : undefined;
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
