import { currentRequest, type Span } from "@quintet/http";
import { type Dialect, statementText } from "./statement-text.ts";

/** The address of a store, as attributes of spans. */
export interface StoreAddress {
  "server.address": string;
  "server.port": number;
  "db.namespace": string;
}

/** The address in a store's URL, without credentials. */
export function storeAddress(url: string, standardPort: number): StoreAddress {
  const { hostname, port, pathname } = new URL(url);
  return {
    "server.address": decodeURIComponent(hostname) || "localhost",
    "server.port": Number(port || standardPort),
    "db.namespace": decodeURIComponent(pathname.slice(1)),
  };
}

/**
 * Starts the span of a statement of the current request; undefined outside a request or when the trace is not recorded.
 */
export function statementSpan(statement: string, dialect: Dialect, address: StoreAddress): Span | undefined {
  const parent = currentRequest()?.span;
  if (!parent?.recorded) return undefined;
  const { summary } = statementText(statement, dialect);
  const span = parent.child(summary, "client", { "db.system.name": dialect, ...address });
  describeStatement(span, statement, dialect);
  return span;
}

/** Sets the attributes of a span that describe the statement. */
export function describeStatement(span: Span, statement: string, dialect: Dialect): void {
  const { text, operation, summary } = statementText(statement, dialect);
  span.rename(summary);
  span.set({ "db.operation.name": operation, "db.query.summary": summary, "db.query.text": text });
}

/** Ends the span of a statement. A failure is recorded by its code, not by its message, which may contain values. */
export function endStoreSpan(span: Span, error?: unknown): void {
  if (error !== undefined) {
    const code = codeOf(error);
    span.set({ "db.response.status_code": code });
    span.fail(code);
  }
  span.end();
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
