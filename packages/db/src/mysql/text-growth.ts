import type { Token } from "./sql-tokens.ts";

/** Texts of a statement may become this long, in bytes, by an estimate from its functions. */
export const maxTextBytes = 256 * 1024;

/** How long a value of a column or of a parameter is assumed to be, in bytes. */
const columnBytes = 8192;

/** Of a call: by how much its result may be longer than its longest argument, or how much longer it takes than to read that. */
const factors: Record<string, number> = {
  HEX: 2,
  QUOTE: 2,
  TO_BASE64: 2,
  JSON_QUOTE: 6,
  CONVERT: 4,
  DATE_FORMAT: 10,
  TIME_FORMAT: 10,
  GROUP_CONCAT: 8,
  JSON_ARRAYAGG: 8,
  JSON_OBJECTAGG: 8,
  // The time of these grows with the square of the length, or with the product of two.
  REPLACE: 4,
  LOCATE: 4,
  INSTR: 4,
  POSITION: 4,
  FIND_IN_SET: 4,
  SUBSTRING_INDEX: 4,
  TRIM: 4,
  LIKE: 4,
  REGEXP: 8,
  RLIKE: 8,
  REGEXP_LIKE: 8,
  REGEXP_INSTR: 8,
  REGEXP_SUBSTR: 8,
  REGEXP_REPLACE: 8,
  JSON_SEARCH: 8,
  JSON_CONTAINS: 16,
  JSON_OVERLAPS: 16,
};

/** Calls whose result is as long as all of their arguments together. */
const sums = new Set(["CONCAT", "CONCAT_WS", "INSERT", "JSON_ARRAY", "JSON_OBJECT", "JSON_SET"]);
/** Calls with a length, by the place of that argument. */
const lengths: Record<string, number> = { REPEAT: 1, SPACE: 0, LPAD: 1, RPAD: 1, BINARY: 0, CHAR: 0, VARCHAR: 0 };

/** What a part of a statement does to its texts. */
interface Growth {
  /** By how much texts may become longer. */
  factor: number;
  /** The bytes of the texts that it makes without columns. */
  bytes: number;
}

/**
 * Why a statement could make texts that are too long, or compare texts for too long; undefined when it does not. Functions of texts are not
 * ended by a time limit nor by a KILL: the server looks for these between rows only. A text of 64 KiB takes any of them a few
 * seconds, one of 30 MB hours. The estimate is a coarse one: within a query the longest chain of calls counts, and all queries multiply,
 * because a column of one may be that of another.
 */
export function textGrowthFault(tokens: readonly Token[]): string | undefined {
  const isRecursive = tokens.some(({ kind, text }) => kind === "word" && /^RECURSIVE$/i.test(text));
  const queries: number[] = [];
  let fault: string | undefined;
  const refuse = (why: string): Growth => {
    fault ??= why;
    return { factor: 1, bytes: 0 };
  };

  /** The growth by the tokens of an expression or a query. */
  const growthIn = (from: number, to: number): Growth => {
    const found: Growth = { factor: 1, bytes: 0 };
    for (let at = from; at < to; at++) {
      const token = tokens[at] as Token;
      let one: Growth = { factor: 1, bytes: 0 };
      if (token.kind === "text") one.bytes = token.text.length;
      else if (token.kind === "word" && factors[token.text.toUpperCase()] && tokens[at + 1]?.text !== "(") {
        one.factor = factors[token.text.toUpperCase()] as number;
      } else if (token.text === "(" && token.kind === "sign") {
        const close = closing(tokens, at);
        const before = tokens[at - 1];
        const name = at > from && before && before.kind !== "sign" ? nameIn(before) : "";
        one = growthOf(name, at, close);
        at = close;
      }
      found.factor = Math.max(found.factor, one.factor);
      found.bytes = Math.max(found.bytes, one.bytes);
    }
    return found;
  };

  const growthOf = (name: string, open: number, close: number): Growth => {
    const first = tokens[open + 1];
    if (first?.kind === "word" && /^(?:SELECT|WITH)$/i.test(first.text)) {
      const { factor, bytes } = growthIn(open + 1, close);
      queries.push(factor);
      return { factor: 1, bytes };
    }
    const args = argumentsIn(tokens, open, close).map(([from, to]) => ({ from, to, ...growthIn(from, to) }));
    const isText = ({ from, to }: { from: number; to: number }) => to - from === 1 && tokens[from]?.kind === "text";
    const widest = Math.max(1, ...args.map(({ factor }) => factor));
    const bytes = Math.max(0, ...args.map((each) => each.bytes));
    if (name in lengths && args[lengths[name] as number] !== undefined) {
      const given = args[lengths[name] as number] as { from: number; to: number };
      const text = given.to - given.from === 1 ? (tokens[given.from]?.text ?? "") : "";
      const count = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
      if (name === "CHAR" || name === "VARCHAR") return { factor: widest, bytes };
      if (count === undefined) return refuse(`must give ${name}() its length as a number`);
      if (name !== "REPEAT") return { factor: widest, bytes: Math.max(bytes, count * 4) };
      return args[0] && isText(args[0])
        ? { factor: 1, bytes: bytes * count }
        : { factor: widest * Math.max(1, count), bytes };
    }
    if (sums.has(name)) {
      const others = args.filter((each) => !isText(each));
      const factor = others.reduce((sum, each) => sum + each.factor, 0);
      if (isRecursive && others.length > 1)
        return refuse(`must not join several texts by ${name}() beside WITH RECURSIVE`);
      return { factor: Math.max(1, factor), bytes: args.reduce((sum, each) => sum + each.bytes, 0) };
    }
    if (name === "REPLACE" || name === "REGEXP_REPLACE") {
      const [, searched, given] = args;
      if (!given || !isText(given)) return refuse(`must give ${name}() its replacement as a text`);
      const least = name === "REPLACE" && searched && isText(searched) ? Math.max(1, searched.bytes - 2) : 1;
      const more = Math.ceil((given.bytes - 2) / least) + (name === "REPLACE" ? 0 : 1);
      if (isRecursive && more > 1) return refuse(`must not make texts longer by ${name}() beside WITH RECURSIVE`);
      return { factor: widest * Math.max(factors[name] as number, more), bytes };
    }
    return { factor: widest * (factors[name] ?? 1), bytes };
  };

  const whole = growthIn(0, tokens.length);
  const factor = queries.reduce((product, one) => product * one, whole.factor);
  if (fault !== undefined) return fault;
  return (columnBytes + whole.bytes) * factor > maxTextBytes
    ? "could make texts that are too long: it has too many calls of functions such as CONCAT and REPLACE, one in another, or too large a length"
    : undefined;
}

function nameIn({ kind, text }: Token): string {
  return (kind === "quoted" ? text.slice(1, -1) : text).toUpperCase();
}

/** The place of the parenthesis that closes the one at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as Token;
    if (kind !== "sign") continue;
    if (text === "(") depth++;
    else if (text === ")" && --depth === 0) return at;
  }
  return tokens.length;
}

/** Where the arguments between two parentheses begin and end. */
function argumentsIn(tokens: readonly Token[], open: number, close: number): [from: number, to: number][] {
  const found: [number, number][] = [];
  let from = open + 1;
  for (let at = from; at < close; at++) {
    const { kind, text } = tokens[at] as Token;
    if (kind !== "sign") continue;
    if (text === "(") at = closing(tokens, at);
    else if (text === ",") {
      found.push([from, at]);
      from = at + 1;
    }
  }
  return from < close ? [...found, [from, close]] : found;
}
