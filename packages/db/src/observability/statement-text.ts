export type Dialect = "mysql" | "postgresql";

/** What a span shows of a statement: its text without values, and a short summary. */
export interface StatementText {
  text: string;
  /** `SELECT`, `INSERT`, …: the operation name of the semantic conventions. */
  operation: string;
  /** The operation and the first table of the statement. */
  summary: string;
}

// Each alternative is a token that is matched as a whole: a string, a quoted name, a comment, a number, a truncated string.
const mysqlParts =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|(`[^`]*`)|\/\*[\s\S]*?\*\/|--[^\n]*|#[^\n]*|(?<![\w$:@.`])(?:0x[\da-f]+|\d[\d.]*(?:e[+-]?\d+)?)\b|['"].*$/gis;
const postgresqlParts =
  /\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$|("(?:[^"]|"")*")|\/\*[\s\S]*?\*\/|--[^\n]*|(?<![\w$:@.])(?:0x[\da-f]+|\d[\d.]*(?:e[+-]?\d+)?)\b|'.*$/gis;

const target = /\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?([\w$."`]+)/i;
const maxCached = 2000;
const maxLength = 4000;
const cache = new Map<string, StatementText>();

/** The text of a statement as traces show it; cached, because few statements recur. */
export function statementText(statement: string, dialect: Dialect): StatementText {
  const key = `${dialect[0]}${statement}`;
  let found = cache.get(key);
  if (found === undefined) {
    found = redact(statement, dialect);
    if (cache.size >= maxCached) cache.clear();
    cache.set(key, found);
  }
  return found;
}

function redact(statement: string, dialect: Dialect): StatementText {
  const text = statement
    .slice(0, 4 * maxLength)
    .replaceAll(dialect === "mysql" ? mysqlParts : postgresqlParts, (part, ...groups: unknown[]) => {
      const name = dialect === "mysql" ? groups[0] : groups[1];
      if (typeof name === "string") return name;
      return /^(?:\/\*|--|#)/.test(part) ? " " : "?";
    })
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, maxLength);
  const operation = (/^\(?\s*(\w+)/.exec(text)?.[1] ?? "SQL").toUpperCase();
  const table = target.exec(text)?.[1]?.replaceAll(/["`]/g, "");
  return { text, operation, summary: table ? `${operation} ${table}` : operation };
}
