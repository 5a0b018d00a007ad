import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as it came over OTLP/HTTP in JSON, with its attributes as a plain object. */
export interface ReceivedSpan {
  service: string;
  name: string;
  kind: "internal" | "server" | "client";
  traceId: string;
  spanId: string;
  parentSpanId: string;
  failed: boolean;
  attributes: Record<string, unknown>;
}

interface OtlpValue {
  stringValue?: string;
  intValue?: number;
  boolValue?: boolean;
  arrayValue?: { values: OtlpValue[] };
}

type OtlpAttributes = { key: string; value: OtlpValue }[];

interface OtlpBody {
  resourceSpans: {
    resource: { attributes: OtlpAttributes };
    scopeSpans: {
      spans: (Omit<ReceivedSpan, "kind" | "attributes"> & {
        kind: number;
        attributes: OtlpAttributes;
        status: { code?: number };
      })[];
    }[];
  }[];
}

/** A collector of traces, as far as a test needs one. */
export interface TraceReceiver extends AsyncDisposable {
  url: string;
  /** Everything that was posted, as it came. */
  bodies: { type: string; bytes: Buffer }[];
  spans(): ReceivedSpan[];
}

/** Listens for spans on a port of its own, or does not answer at all. */
export async function traceReceiver(options: { silent?: boolean } = {}): Promise<TraceReceiver> {
  const bodies: TraceReceiver["bodies"] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    bodies.push({ type: request.headers["content-type"] ?? "", bytes: Buffer.concat(parts) });
    if (!options.silent) response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: () => bodies.flatMap(({ bytes }) => spansOf(JSON.parse(bytes.toString()) as OtlpBody)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const kinds = ["internal", "internal", "server", "client"] as const;

function spansOf(body: OtlpBody): ReceivedSpan[] {
  return body.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = "", kind, attributes, status }) => ({
        service: String(plain(resource.attributes)["service.name"]),
        name,
        kind: kinds[kind] ?? "internal",
        traceId,
        spanId,
        parentSpanId,
        failed: status.code === 2,
        attributes: plain(attributes),
      })),
    ),
  );
}

function plain(attributes: OtlpAttributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue({ stringValue, intValue, boolValue, arrayValue }: OtlpValue): unknown {
  return stringValue ?? intValue ?? boolValue ?? arrayValue?.values.map(plainValue);
}
