import { randomBytes } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import type { Answer } from "./harness/client.ts";
import { type Installation, startBehindHttp, startMounted } from "./harness/installation.ts";
import { secretMark } from "./harness/test-settings.ts";
import { type ReceivedSpan, type TraceReceiver, traceReceiver } from "./harness/trace-receiver.ts";

const hex = (bytes: number) => randomBytes(bytes).toString("hex");

/** Settings by which spans come soon, and in a form that a test can read. */
function tracing({ url }: TraceReceiver): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "50",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,team=%C3%A9quipe",
  };
}

/** Makes a call below a client's own span, and waits for its trace: from the root, and with one that says `last`. */
async function callTraced(receiver: TraceReceiver, call: (traceparent: string) => Promise<Answer>, last = /./) {
  const traceId = hex(16);
  const clientSpan = hex(8);
  const answer = await call(`00-${traceId}-${clientSpan}-01`);
  const spans = await vi.waitFor(
    () => {
      const found = receiver.spans().filter((span) => span.traceId === traceId);
      const ids = new Set([clientSpan, ...found.map((span) => span.spanId)]);
      expect(found.some((span) => span.parentSpanId === clientSpan)).toBe(true);
      expect(drawn(found, clientSpan).join("\n")).toMatch(last);
      expect(found.filter((span) => !ids.has(span.parentSpanId))).toEqual([]);
      return found;
    },
    { timeout: 20_000 },
  );
  return { answer, spans, tree: drawn(spans, clientSpan) };
}

/** A trace as an indented list, brothers in the order of their names. */
function drawn(spans: ReceivedSpan[], parent: string, indent = ""): string[] {
  return spans
    .filter((span) => span.parentSpanId === parent)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((span) => [
      `${indent}${span.service} ${span.kind} ${span.name}${span.failed ? " failed" : ""}`,
      ...drawn(spans, span.spanId, `${indent}  `),
    ]);
}

/** The tests that hold both ways: `hop` is the span between gateway and app, where there is one. */
function everyWay(quintet: () => Installation, receiver: TraceReceiver, hop: (app: string) => string[]): void {
  const headers = (traceparent: string, id = hex(4)) => ({ traceparent, "X-Request-Id": id });

  it("holds gateway, app and Postgres in one trace", async () => {
    const { tree, spans, answer } = await callTraced(
      receiver,
      (traceparent) => quintet().plain.with(headers(traceparent, "request-7")).get("/social/posts/987654321"),
      /social client SELECT/,
    );
    expect(answer.status).toBe(404);
    const indent = "  ".repeat(hop("social").length);
    expect(tree.slice(0, 2 + hop("social").length)).toEqual([
      "gateway server GET /social/*",
      ...hop("social"),
      `${indent}  social server GET /social/posts/:id`,
    ]);
    expect(tree.join("\n")).toMatch(/social client SELECT social\.\w+/);
    const app = spans.find((span) => span.service === "social" && span.kind === "server");
    expect(app?.attributes).toMatchObject({
      "http.route": "/social/posts/:id",
      "http.request.method": "GET",
      "http.response.status_code": 404,
      "http.request.header.x-request-id": ["request-7"],
    });
    const store = spans.find((span) => span.name.startsWith("SELECT social."));
    expect(store?.attributes).toMatchObject({
      "db.system.name": "postgresql",
      "db.operation.name": "SELECT",
      "server.address": "127.0.0.1",
    });
    expect(store?.attributes["db.query.text"]).toMatch(/\$1/);
  });

  it("holds MySQL and Redis too, and no value of any parameter", async () => {
    const secret = `find-me-${hex(6)}`;
    const listings = await callTraced(
      receiver,
      (traceparent) => quintet().plain.with(headers(traceparent)).get("/properties", { city: secret, year: 1234 }),
      /properties client SELECT listing/,
    );
    expect(listings.answer.status).toBe(404);
    const pushed = await callTraced(
      receiver,
      (traceparent) => quintet().plain.post("/queue/push", { secret }, { headers: headers(traceparent) }),
      /queue client EVAL(?:SHA)? push-3/,
    );
    expect(pushed.answer.status).toBe(201);
    const rows = await callTraced(receiver, (traceparent) =>
      quintet().staff.post("/ingest/jobs/rows", { rows: [[7, secret]] }, { headers: headers(traceparent) }),
    );
    expect(rows.answer.json()).toMatchObject({ inserted: 1 });
    const found = await callTraced(receiver, (traceparent) =>
      quintet().anyone.with(headers(traceparent)).get("/directory/users", { name: "qzqz" }),
    );
    expect(found.answer.status).toBe(200);
    const all = receiver.bodies.map(({ bytes }) => bytes.toString()).join("\n");
    for (const value of [secret, "qzqz", secretMark, "eyJ", "@example.com"]) expect(all).not.toContain(value);
  });

  it("names spans by route, whatever path was asked for", async () => {
    const path = `/nothing-${hex(4)}`;
    const { tree } = await callTraced(receiver, (traceparent) => quintet().anyone.with(headers(traceparent)).get(path));
    expect(tree[0]).toBe("gateway server GET");
    expect(receiver.spans().filter((span) => span.name.includes(path))).toEqual([]);
  });

  it("takes the client's word for not sampling", async () => {
    const traceId = hex(16);
    await quintet()
      .anyone.with({ traceparent: `00-${traceId}-${hex(8)}-00` })
      .get("/queue");
    await callTraced(receiver, (traceparent) => quintet().anyone.with(headers(traceparent)).get("/queue"));
    expect(receiver.spans().filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it("writes trace and span into the log lines of a request", async () => {
    const id = hex(4);
    const { spans } = await callTraced(
      receiver,
      (traceparent) => quintet().plain.with(headers(traceparent, id)).get("/queue/count"),
      /queue server/,
    );
    const line = await vi.waitFor(() => {
      const found = quintet()
        .output()
        .split("\n")
        .find((text) => text.includes(`"${id}"`) && text.includes('"service.name":"queue"'));
      expect(found).toBeDefined();
      return JSON.parse(found ?? "") as { trace: { id: string }; span: { id: string } };
    }, 20_000);
    const app = spans.find((span) => span.service === "queue" && span.kind === "server");
    expect([line.trace.id, line.span.id]).toEqual([app?.traceId, app?.spanId]);
  });
}

describe("traces of apps that are mounted", async () => {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await traceReceiver());
  const quintet = stack.use(await startMounted(tracing(receiver)));
  const kept = stack.move();
  everyWay(
    () => quintet,
    receiver,
    () => [],
  );

  it("sends what is left when the process is stopped", async () => {
    const traceId = hex(16);
    await quintet.anyone.with({ traceparent: `00-${traceId}-${hex(8)}-01` }).get("/queue");
    await kept.disposeAsync();
    expect(receiver.spans().some((span) => span.traceId === traceId)).toBe(true);
  });
});

describe("traces of apps behind HTTP", async () => {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await traceReceiver());
  const quintet = stack.use(await startBehindHttp(tracing(receiver)));
  const kept = stack.move();
  everyWay(
    () => quintet,
    receiver,
    (app) => [`  gateway client GET /${app}/*`],
  );

  it("tells of an app that is away", async () => {
    await quintet.stop("queue");
    const { tree, answer } = await callTraced(receiver, (traceparent) =>
      quintet.plain.with({ traceparent }).get("/queue/count"),
    );
    expect(answer.status).toBe(503);
    expect(tree[0]).toBe("gateway server GET /queue/* failed");
    expect(tree[1]).toBe("  gateway client GET /queue/* failed");
    await kept.disposeAsync();
  });
});

describe("a collector that does not answer", () => {
  it("slows no request, and the end by no more than it may", async () => {
    await using receiver = await traceReceiver({ silent: true });
    const quintet = await startMounted({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: "10" });
    const answers = await Promise.all(Array.from({ length: 50 }, () => quintet.anyone.get("/queue")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await vi.waitFor(() => expect(receiver.bodies.length).toBeGreaterThan(0), 20_000);
    // The standard encoding.
    expect(receiver.bodies[0]?.type).toBe("application/x-protobuf");
    expect(Buffer.concat(receiver.bodies.map(({ bytes }) => bytes)).includes("service.name")).toBe(true);
    const since = performance.now();
    await quintet[Symbol.asyncDispose]();
    expect(performance.now() - since).toBeLessThan(8000);
  });
});
