/** Why a SQL text is refused, as the rest of a sentence about it. */
export class StatementFault extends Error {
  override name = "StatementFault";
}

/** A part of a SQL text, as MySQL splits it. */
export interface Token {
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

/** The parts of a SQL text without its comments. Throws `StatementFault` for code in comments, and for what has no end. */
export function tokensOf(sql: string): Token[] {
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
