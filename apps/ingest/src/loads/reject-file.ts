import type { MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { Dialect } from "../csv/dialect.ts";
import { byteOrderMark, encoder } from "../csv/encode-text.ts";
import { maxRawBytes } from "../csv/row-faults.ts";
import { rawLineKey } from "../rows/json-lines.ts";
import type { FileFacts } from "./load.ts";
import type { StoredLoad } from "./load-queries.ts";
import { readRejects } from "./reject-queries.ts";

/** The columns in front of rejected rows. No column of a table begins with "_". */
export const rejectColumns = ["_line", "_column", "_reason"] as const;

const notKept = "the row is not kept here because it is longer than 64 KiB";

/** How the CSV file of a load is written; throws a 409 for loads whose rejected rows cannot be written like that. */
function factsOf({ load, progress }: StoredLoad): FileFacts & { dialect: Dialect; header: readonly string[] } {
  const { facts } = progress;
  if (facts?.dialect && facts.header) {
    return { ...facts, dialect: facts.dialect, header: facts.header };
  }
  const why = facts ? `its file is ${facts.format}` : "an earlier version has loaded it, or it has no row";
  throw new Problem("conflict", `The rejected rows of load ${load.id} are not kept as a file: ${why}.`);
}

/** A file of rejected rows. */
export interface RejectFile {
  contentType: string;
  /** The end of its name. */
  extension: "csv" | "ndjson";
  parts: AsyncGenerator<Buffer>;
}

/**
 * The rejected rows of a load as a file in the dialect and with the header of its own file, and the columns `_line`, `_column` and
 * `_reason` in front. The bytes of each row are those that were sent. Of a row that is not kept whole there are only these three, so
 * that it is rejected again.
 */
export function rejectFile(db: MysqlPool, kept: StoredLoad): RejectFile {
  if (kept.progress.facts?.format === "ndjson") {
    return { contentType: "application/x-ndjson", extension: "ndjson", parts: rejectedObjects(db, kept.load.id) };
  }
  const { dialect, header } = factsOf(kept);
  const { encoding } = dialect;
  const encode = encoder(encoding);
  const hasOwn = isRejectFile(header);
  const names = hasOwn ? header.slice(rejectColumns.length) : header;
  const end = { lf: "\n", cr: "\r", crlf: "\r\n", crcrlf: "\r\n", mixed: "\r\n" }[dialect.lineEnd];
  const fields = (texts: readonly string[]) => texts.map((text) => quoted(text, dialect)).join(dialect.delimiter);
  const trailing = dialect.trailingDelimiter ? dialect.delimiter : "";
  async function* parts() {
    const first = fields([...rejectColumns, ...names]) + trailing + end;
    yield Buffer.concat([byteOrderMark(encoding), encode(Buffer.from(first))]);
    for await (const rejects of readRejects(db, kept.load.id)) {
      const lines = rejects.flatMap(({ line, column, reason, raw }) => {
        if (raw.length >= maxRawBytes)
          return [Buffer.from(fields([String(line), column, `${reason}; ${notKept}`]) + end)];
        const row = hasOwn ? raw.subarray(afterFields(raw, rejectColumns.length, dialect)) : raw;
        const front = fields([String(line), column, reason]) + dialect.delimiter;
        return [Buffer.from(front), row, Buffer.from(end)];
      });
      yield encode(Buffer.concat(lines));
    }
  }
  return { contentType: `text/csv; charset=${encoding}`, extension: "csv", parts: parts() };
}

/** The lines of an NDJSON file with the names of `rejectColumns` in front; of a line that is no object there is only its text. */
async function* rejectedObjects(db: MysqlPool, load: number): AsyncGenerator<Buffer> {
  for await (const rejects of readRejects(db, load)) {
    const lines = rejects.map(({ line, column, code, reason, raw }) => {
      const why = raw.length >= maxRawBytes ? `${reason}; ${notKept}` : reason;
      const front = JSON.stringify({ _line: line, _column: column, _reason: why }).slice(0, -1);
      const text = raw.toString();
      const object = /^\s*\{(?:"_line":\d+,"_column":"(?:[^"\\]|\\.)*","_reason":"(?:[^"\\]|\\.)*",?)?/.exec(text);
      const isObject = object && code !== "json" && code !== "encoding" && raw.length < maxRawBytes;
      if (!isObject) return `${front},${JSON.stringify(rawLineKey)}:${JSON.stringify(text)}}\n`;
      const rest = text.slice(object[0].length).trimStart();
      return `${front}${rest.startsWith("}") ? "" : ","}${rest}\n`;
    });
    yield Buffer.from(lines.join(""));
  }
}

/** Whether a header is that of a file of rejected rows. */
function isRejectFile(header: readonly string[]): boolean {
  return rejectColumns.every((name, index) => header[index] === name);
}

/** A text as a field; what a dialect cannot write becomes a space. */
function quoted(text: string, { delimiter, quote, escape: sign }: Dialect): string {
  const special = [delimiter, quote, sign, "\r", "\n"].filter((each) => each !== null && each !== "") as string[];
  if (!special.some((each) => text.includes(each))) return text;
  if (quote === null) return special.reduce((plain, each) => plain.replaceAll(each, " "), text);
  const escaped = sign === null || sign === quote ? text : text.replaceAll(sign, sign + sign);
  return quote + escaped.replaceAll(quote, (sign ?? quote) + quote) + quote;
}

/** Where in a row the field after the first `count` begins; 0 when there are fewer. */
function afterFields(row: Buffer, count: number, { delimiter, quote, escape: sign }: Dialect): number {
  const text = row.toString("latin1");
  const between = Buffer.from(delimiter).toString("latin1");
  let at = 0;
  for (let field = 0; field < count; field++) {
    if (quote !== null && text.startsWith(quote, at)) {
      for (at++; at < text.length; at++) {
        if (sign !== null && sign !== quote && text[at] === sign) at++;
        else if (text[at] === quote && text[at + 1] === quote) at++;
        else if (text[at] === quote) break;
      }
    }
    const end = text.indexOf(between, at);
    if (end < 0) return 0;
    at = end + between.length;
  }
  return at;
}
