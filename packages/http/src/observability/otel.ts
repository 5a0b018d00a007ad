import { hostname } from "node:os";
import {
  createTraceState,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { deadline } from "./deadline.ts";
import type { Logger } from "./logger.ts";
import { samplerOf } from "./sampler.ts";
import type { ObservationConfig } from "./settings.ts";
import type { RemoteParent, Span, SpanKind, Tracing } from "./span.ts";

const flushMs = 2000;
const kinds: Record<SpanKind, OtelSpanKind> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  internal: OtelSpanKind.INTERNAL,
};

/**
 * Traces by OpenTelemetry's SDK, posted to `url` in the background; what cannot be sent is dropped. Nothing is registered
 * globally: spans are handed from caller to callee, and by the request's scope. This module alone loads the SDK.
 */
export async function openTelemetry(url: string, config: ObservationConfig, log: Logger): Promise<Tracing> {
  const { OTLPTraceExporter } =
    config.OTEL_EXPORTER_OTLP_PROTOCOL === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  const processor = new BatchSpanProcessor({
    exporter: logOutages(new OTLPTraceExporter({ url }), log),
    scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
  });
  const sampler = samplerOf(config.OTEL_TRACES_SAMPLER, config.OTEL_TRACES_SAMPLER_ARG);
  const tracers = new Map<string, Tracer>();
  // A service each for the gateway and the apps, whether they share a process or not, unless one name is set for all.
  const tracerOf = (service: string): Tracer => {
    let tracer = tracers.get(service);
    if (tracer === undefined) {
      const resource = defaultResource().merge(resourceFromAttributes(resourceOf(service, config)));
      tracer = new TracerProvider({ resource, sampler, spanProcessors: [processor] }).getTracer("quintet");
      tracers.set(service, tracer);
    }
    return tracer;
  };
  return {
    start(service, name, kind, parent, attributes) {
      const tracer = tracerOf(service);
      return new TracedSpan(tracer, startOtel(tracer, name, kind, contextOf(parent), attributes));
    },
    async [Symbol.asyncDispose]() {
      await deadline(
        processor.shutdown().catch(() => {}),
        flushMs,
        () => undefined,
      );
    },
  };
}

class TracedSpan implements Span {
  readonly #tracer: Tracer;
  readonly #span: OtelSpan;
  readonly #context: SpanContext;

  constructor(tracer: Tracer, span: OtelSpan) {
    this.#tracer = tracer;
    this.#span = span;
    this.#context = span.spanContext();
  }

  get traceId(): string {
    return this.#context.traceId;
  }

  get spanId(): string {
    return this.#context.spanId;
  }

  get recorded(): boolean {
    return this.#span.isRecording();
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#context;
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  }

  child(name: string, kind: SpanKind, attributes: Record<string, string | number | boolean | string[]> = {}): Span {
    return new TracedSpan(this.#tracer, startOtel(this.#tracer, name, kind, this.#context, attributes));
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  set(attributes: Record<string, string | number | boolean | string[]>): void {
    this.#span.setAttributes(attributes);
  }

  fail(type: string): void {
    this.#span.setAttribute("error.type", type);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }

  get context(): SpanContext {
    return this.#context;
  }
}

function startOtel(
  tracer: Tracer,
  name: string,
  kind: SpanKind,
  parent: SpanContext | undefined,
  attributes: Record<string, string | number | boolean | string[]>,
): OtelSpan {
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  return tracer.startSpan(name, { kind: kinds[kind], attributes }, context);
}

const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function contextOf(parent: Span | RemoteParent | undefined): SpanContext | undefined {
  if (parent instanceof TracedSpan) return parent.context;
  const [, traceId, spanId, flags] = traceparentPattern.exec(parent?.traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const state = parent && "tracestate" in parent ? parent.tracestate : undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(state ? { traceState: createTraceState(state) } : {}),
  };
}

/** `OTEL_RESOURCE_ATTRIBUTES`, and the service's name where neither it nor `OTEL_SERVICE_NAME` says another. */
function resourceOf(service: string, config: ObservationConfig): Record<string, string> {
  const given = config.OTEL_RESOURCE_ATTRIBUTES.split(",").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const;
  });
  const named = Object.fromEntries(given);
  return {
    "service.name": service,
    "service.instance.id": `${hostname()}:${process.pid}`,
    ...named,
    ...(config.OTEL_SERVICE_NAME ? { "service.name": config.OTEL_SERVICE_NAME } : {}),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Logs each outage of an exporter once. */
function logOutages(exporter: SpanExporter, log: Logger): SpanExporter {
  let away = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if ((result.code !== 0) !== away) {
          away = !away;
          if (away) log.warn({ err: result.error }, "traces cannot be exported");
          else log.info("traces are exported again");
        }
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
