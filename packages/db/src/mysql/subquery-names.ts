import type { Token } from "./sql-tokens.ts";

/**
 * The names that a statement gives to its subqueries and common table expressions, in lower case, and some words
 * that follow them: the server says of their columns that they are of a table of that name.
 */
export function subqueryNames(tokens: readonly Token[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (at: number) => {
    const name = nameOf(tokens[at]);
    if (name !== undefined) found.add(name.toLowerCase());
  };
  const is = (at: number, pattern: RegExp) => pattern.test(tokens[at]?.text ?? "");
  const open: number[] = [];
  let closed = 0; // Where the last parenthesis that was closed begins.
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== "sign") continue;
    if (text === "(") {
      // WITH name AS (…), WITH name (a, b) AS (…)
      if (is(at - 1, /^AS$/i)) add(is(at - 2, /^\)$/) ? closed - 1 : at - 2);
      open.push(at);
    } else if (text === ")") {
      closed = open.pop() ?? 0;
      if (is(closed + 1, /^(?:SELECT|WITH|\()$/i)) add(is(at + 1, /^AS$/i) ? at + 2 : at + 1);
    }
  }
  return found;
}

/** The name that a token is, without its quotes; undefined when it is none. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === "word") return token.text;
  return token?.kind === "quoted" ? token.text.slice(1, -1).replaceAll("``", "`") : undefined;
}
