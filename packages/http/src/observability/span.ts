export type SpanAttributes = Record<string, string | number | boolean | string[]>;

export type SpanKind = "server" | "client" | "internal";

/** A piece of work in a trace, as the code that does the work sees it; what OpenTelemetry makes of it is in `otel.ts`. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether anybody will see it; if not, its attributes need not be made. */
  readonly recorded: boolean;
  /** The W3C header that makes a request to another process part of the trace. */
  readonly traceparent: string;
  /** A piece of work inside this one. */
  child(name: string, kind: SpanKind, attributes?: SpanAttributes): Span;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Marks it as failed; `type` is a short class of failure, never a message, which could hold a value. */
  fail(type: string): void;
  end(): void;
}

/** What a request from another process says of its trace (W3C Trace Context). */
export interface RemoteParent {
  traceparent: string | undefined;
  tracestate: string | undefined;
}

/** Where spans go. Disposing of it sends what is left, for 2 s at most. */
export interface Tracing extends AsyncDisposable {
  /** A span of a service below one of this process, or below what a request's headers say. */
  start(
    service: string,
    name: string,
    kind: SpanKind,
    parent: Span | RemoteParent | undefined,
    attributes: SpanAttributes,
  ): Span;
}
