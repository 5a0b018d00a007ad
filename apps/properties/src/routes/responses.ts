import {
  acceptedType,
  csvField,
  errorResponse,
  etagOf,
  ifNoneMatch,
  Problem,
  startedTexts,
  textStream,
  withoutFormula,
} from "@quintet/http";
import type { Context, MiddlewareHandler } from "hono";

/** The media types of a list; the first one is that of its pages. */
export const listTypes = ["application/json", "text/csv", "application/x-ndjson"] as const;

export const notAcceptable = errorResponse("Accept covers none of the media types");

/** A guard of operations that respond with JSON only: 406 for a client that does not accept it. */
export const onlyJson: MiddlewareHandler = (c, next) => {
  acceptedType(c.req.header("accept"), ["application/json"]);
  return next();
};

/** The content of responses with all rows of a list. */
export const exportContent = {
  "text/csv": { schema: { type: "string" as const } },
  "application/x-ndjson": { schema: { type: "string" as const } },
};

export const notModified = { description: "Not modified: the client has this version (If-None-Match)" };

/** Sends JSON that is to be revalidated each time, or 304 when the client has it already. */
export function sendTagged(c: Context, value: object): Response {
  const body = JSON.stringify(value);
  const etag = etagOf(body);
  setTag(c, etag);
  if (ifNoneMatch(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  return c.body(body, 200, { "Content-Type": "application/json" });
}

/** Sets the entity tag of a response that depends on the account. */
export function setTag(c: Context, etag: string): void {
  c.header("ETag", etag);
  c.header("Cache-Control", "private, max-age=0, must-revalidate");
  c.header("Vary", "Authorization, Cookie, Accept", { append: true });
}

/** A row of a list: texts, numbers and flags by column name; null is no value. */
type Row = Record<string, string | number | boolean | null | undefined>;

export interface Export {
  type: "text/csv" | "application/x-ndjson";
  /** The file's name, without its extension. */
  name: string;
  columns: readonly string[];
  /** Whether a text that a spreadsheet would run as a formula stays as it is. */
  keepsFormulas: boolean;
}

/**
 * Sends all rows of a list, page by page, as fast as the client takes them. An error before the first row is an error response; a later one
 * cuts the response off. Throws `not-found` when there are no rows, as the list does.
 */
export async function sendExport(c: Context, pages: AsyncGenerator<object[], void>, as: Export): Promise<Response> {
  const texts = await startedTexts(linesOf(pages, as));
  const isCsv = as.type === "text/csv";
  c.header("Vary", "Accept", { append: true });
  c.header("Cache-Control", "private, no-store");
  c.header("Content-Disposition", `attachment; filename="${as.name}.${isCsv ? "csv" : "ndjson"}"`);
  return c.body(textStream(texts), 200, {
    "Content-Type": `${as.type}; charset=utf-8${isCsv ? "; header=present" : ""}`,
  });
}

async function* linesOf(pages: AsyncGenerator<object[], void>, as: Export): AsyncGenerator<string, void> {
  const line = as.type === "text/csv" ? csvLine(as) : jsonLine(as);
  let isFirst = true;
  for await (const rows of pages as AsyncGenerator<Row[], void>) {
    if (isFirst && rows.length === 0) throw noRecords();
    const head = isFirst && as.type === "text/csv" ? `${as.columns.join(",")}\r\n` : "";
    isFirst = false;
    yield head + rows.map(line).join("");
  }
}

/** A row of CSV (RFC 4180). */
function csvLine({ columns, keepsFormulas }: Export): (row: Row) => string {
  const field = (value: Row[string]) =>
    csvField(typeof value === "string" && !keepsFormulas ? withoutFormula(value) : String(value ?? ""));
  return (row) => `${columns.map((column) => field(row[column])).join(",")}\r\n`;
}

function jsonLine({ columns }: Export): (row: Row) => string {
  return (row) => `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column]])))}\n`;
}

/** The error for a search without results. */
export function noRecords(): Problem {
  return new Problem("not-found", "No records found");
}

/** Throws a 400 for a parameter that only a page of JSON has. */
export function rejectPaging(c: Context): void {
  for (const path of ["limit", "cursor", "count", "facets"]) {
    if (c.req.query(path) === undefined) continue;
    const message = "is for pages of JSON; this format has all rows";
    throw new Problem("bad-request", `${path}: ${message}.`, { errors: [{ path, message }] });
  }
}
