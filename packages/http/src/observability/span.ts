export type SpanAttributes = Record<string, string | number | boolean | string[]>;

export type SpanKind = "server" | "client" | "internal";

/** A span of a trace, independent of OpenTelemetry; `otel.ts` implements it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether it is sampled; if not, its attributes need not be computed. */
  readonly recorded: boolean;
  /** The W3C header that continues the trace in another process. */
  readonly traceparent: string;
  /** Starts a child span. */
  child(name: string, kind: SpanKind, attributes?: SpanAttributes): Span;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Marks it as failed; `type` is a short class of failure, never a message, which could contain data. */
  fail(type: string): void;
  end(): void;
}

/** The trace headers of a request from another process (W3C Trace Context). */
export interface RemoteParent {
  traceparent: string | undefined;
  tracestate: string | undefined;
}

/** Creates spans and exports them. Disposing of it exports the remaining ones, for 2 s at most. */
export interface Tracing extends AsyncDisposable {
  /** Starts a span of a service, as a child of a span of this process or of a request's headers. */
  start(
    service: string,
    name: string,
    kind: SpanKind,
    parent: Span | RemoteParent | undefined,
    attributes: SpanAttributes,
  ): Span;
}
