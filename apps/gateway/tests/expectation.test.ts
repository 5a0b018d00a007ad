import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createRoute, z } from "@hono/zod-openapi";
import { bodyValidator, createService, jsonBody, listenerOf, Problem, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admission } from "../src/limits/admission.ts";
import { mountedUpstream } from "../src/mounted.ts";
import { remoteUpstream } from "../src/remote/remote-upstream.ts";
import { route } from "../src/routing/route.ts";
import { certificates } from "./certificate.ts";
import { edge, log } from "./edge.ts";
import { rawUpstream } from "./raw-upstream.ts";

const app = createService({
  title: "t",
  version: "1",
  prefix: "/t",
  log,
  corsOrigins: [],
  checks: {},
  maxBodyBytes: 100,
  streams: /stream/,
});
for (const [path, code] of Object.entries({ "/closed": "unauthenticated", "/staff": "forbidden" } as const)) {
  app.post(path, () => {
    throw new Problem(code, "Not for you.");
  });
}
app.post("/small", bodyValidator, async (c) => c.text(await c.req.text()));
app.openapi(
  createRoute({
    method: "post",
    path: "/json",
    middleware: [bodyValidator] as const,
    request: jsonBody(z.strictObject({ a: z.number() })),
    responses: { 200: { description: "What came" } },
  }),
  (c) => c.json(c.req.valid("json")),
);
app.post("/stream", async (c) => {
  let bytes = 0;
  for await (const part of c.req.raw.body as unknown as AsyncIterable<Uint8Array>) bytes += part.length;
  return c.text(`${bytes}`);
});

interface Asked {
  path: string;
  method?: string;
  type?: string;
  length?: number;
  expectation?: string;
  /** Sent when it is invited, or at once when `waits` is false. */
  body?: string;
  waits?: boolean;
}
/** The statuses that come, the interim ones among them, and the text of the last response. */
type Ask = (asked: Asked) => Promise<{ statuses: number[]; text: string }>;

const fieldsOf = ({ type = "application/json", length, expectation = "100-continue" }: Asked) => ({
  "Content-Type": type,
  ...(length === undefined ? {} : { "Content-Length": String(length) }),
  Expect: expectation,
});

function over(open: () => Socket, version = "1.1"): Ask {
  return async (asked) => {
    const { path, method = "POST", body = "", waits = true } = asked;
    const socket = open();
    let text = "";
    socket.on("error", () => {});
    const fields = { Host: "a", Connection: "close", ...fieldsOf({ ...asked, length: asked.length ?? body.length }) };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${method} ${path} HTTP/${version}\r\n${lines.join("")}\r\n${waits ? "" : body}`);
    socket.on("data", (bytes) => {
      if (waits && text === "" && String(bytes).startsWith("HTTP/1.1 100 ")) socket.write(body);
      text += bytes.toString("latin1");
    });
    await new Promise((resolve) => socket.once("close", resolve));
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
    return { statuses, text: text.slice(text.lastIndexOf("\r\n\r\n") + 4) };
  };
}

function overHttp2(session: () => ClientHttp2Session): Ask {
  return async (asked) => {
    const { path, method = "POST", body = "", waits = true } = asked;
    const fields = fieldsOf({ ...asked, length: asked.length ?? body.length });
    const lower = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
    const stream = session().request({ ":method": method, ":path": path, ...lower }, { endStream: false });
    const statuses: number[] = [];
    stream.on("error", () => {});
    stream.on("headers", (head) => statuses.push(Number(head[":status"])));
    stream.on("response", (head) => statuses.push(Number(head[":status"])));
    stream.on("continue", () => {
      statuses.push(100);
      if (waits) stream.end(body);
    });
    if (!waits) stream.end(body);
    let text = "";
    stream.on("data", (part) => {
      text += part;
    });
    await Promise.race([once(stream, "end"), new Promise((resolve) => stream.once("close", resolve))]);
    stream.close();
    return { statuses: statuses.filter((status, i) => status !== 100 || statuses.indexOf(100) === i), text };
  };
}

const opened = new AsyncDisposableStack();
const places = ["an app by itself", "a mounted app", "a remote app"];
const ways = places.flatMap((place) =>
  ["HTTP/1.1", "TLS", "HTTP/2", "HTTP/1.0"].map((version) => `${place}, ${version}`),
);
const asks: Record<string, Ask> = {};
let admits = true;

beforeAll(async () => {
  const made = certificates();
  opened.defer(() => made[Symbol.dispose]());
  const tls = made.make("expectation");
  const rate = { limit: 1, take: async () => ({ left: admits ? 1 : -1, resetSeconds: 1 }) };
  const admitting = opened.use(admission({ maxInFlight: 10, maxWaiting: 10, maxShare: 1, rate }));
  const listening = async (options: object, listener = listenerOf(app)) => {
    const server = await serve(listener, { port: 0, host: "127.0.0.1", log, drainSeconds: 0, ...options });
    opened.defer(() => server.close());
    return server.port;
  };
  const alone = await listening({});
  const remote = remoteUpstream("t", "/t", [`http://127.0.0.1:${alone}`], { log });
  opened.defer(() => remote.close());
  const before = (upstream: typeof remote) =>
    admitting.requests(route([upstream], (_request, response) => response.writeHead(404).end()));
  const fronts = { "a mounted app": before(mountedUpstream("t", "/t", app)), "a remote app": before(remote) };
  const ports: Record<string, [number, number]> = { "an app by itself": [alone, await listening({ tls })] };
  for (const [name, listener] of Object.entries(fronts)) {
    ports[name] = [await listening({ edge: true }, listener), await listening({ edge: true, tls }, listener)];
  }
  for (const [name, [port, tlsPort]] of Object.entries(ports)) {
    const secure = { port: tlsPort, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] };
    let session: ClientHttp2Session | undefined;
    opened.defer(() => void session?.destroy());
    asks[`${name}, HTTP/1.1`] = over(() => connect(port, "127.0.0.1"));
    asks[`${name}, TLS`] = over(() => connectTls(secure));
    asks[`${name}, HTTP/1.0`] = over(() => connect(port, "127.0.0.1"), "1.0");
    asks[`${name}, HTTP/2`] = overHttp2(() => {
      session ??= connectHttp2(`https://127.0.0.1:${tlsPort}`, { rejectUnauthorized: false });
      return session;
    });
  }
});
afterAll(() => opened.disposeAsync());

const refusedFirst: [status: number, asked: Asked][] = [
  [401, { path: "/t/closed" }],
  [403, { path: "/t/staff" }],
  [404, { path: "/t/nothing" }],
  [405, { path: "/t/json", method: "PUT" }],
  [413, { path: "/t/small", length: 101 }],
  [413, { path: "/t/json", length: 101 }],
  [415, { path: "/t/json", type: "text/plain" }],
  [417, { path: "/t/json", expectation: "100-continue, 200-ok" }],
  [417, { path: "/t/small", expectation: "x-100-continue" }],
  [400, { path: "/t/../x" }],
];

describe.each(ways)("a client that waits for a 100 from %s", (way) => {
  const isOld = way.endsWith("HTTP/1.0");
  const ask: Ask = (asked) => (asks[way] as Ask)(asked);

  it("is refused without one where its body is not wanted", async () => {
    for (const [status, asked] of refusedFirst) {
      if (isOld && status === 417) continue;
      const { statuses } = await ask({ length: 5, ...asked });
      expect([asked, statuses]).toEqual([asked, [status]]);
    }
    if (way.startsWith("an app by itself")) return;
    admits = false;
    expect((await ask({ path: "/t/small", length: 5 })).statuses).toEqual([429]);
    admits = true;
  });

  it("is invited when its body is read, unless it speaks HTTP/1.0, and may send it at once", async () => {
    const served: [Asked, string][] = [
      [{ path: "/t/small", body: "hello" }, "hello"],
      [{ path: "/t/small", body: "hello", expectation: "100-Continue" }, "hello"],
      [{ path: "/t/json", body: '{"a":1}' }, '{"a":1}'],
      [{ path: "/t/stream", body: "x".repeat(1000) }, "1000"],
    ];
    for (const waits of isOld ? [false] : [true, false]) {
      for (const [asked, text] of served) {
        const answer = await ask({ ...asked, waits });
        expect([asked, answer.statuses.at(-1), answer.text]).toEqual([asked, 200, text]);
        expect(answer.statuses.slice(0, -1)).toEqual(isOld ? [] : [100]);
      }
    }
  });
});

describe("what a remote app gets of a client that waits for a 100", () => {
  const head = (version: string) =>
    `POST /queue/x HTTP/${version}\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`;

  it("is the body as it comes, though the app sends no 100", async () => {
    await using silent = await rawUpstream(() => {});
    await using front = await edge([silent.origin]);
    const client = front.open();
    client.socket.write(head("1.1"));
    await until(() => silent.received.join("").includes("Expect: 100-continue\r\n\r\n"));
    client.socket.write("hello");
    await until(() => silent.received.join("").endsWith("hello"));
    for (const socket of silent.sockets) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await client.closed;
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("is no expectation of one that speaks HTTP/1.0, and no 100 comes back to it", async () => {
    await using app = await rawUpstream((socket) =>
      socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    );
    await using front = await edge([app.origin]);
    expect(await front.send(`${head("1.0")}hello`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(app.received.join("")).not.toMatch(/^expect/im);
  });

  it("is asked once, also when it is sent to another target", async () => {
    let refused = 0;
    await using broken = await rawUpstream((socket) => {
      refused++;
      socket.destroy();
    });
    await using good = await rawUpstream((socket, text) =>
      socket.write(
        text.includes("Expect") ? "HTTP/1.1 100 Continue\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      ),
    );
    const isGood = () => good.received.join("").endsWith("hello");
    await using front = await edge([broken.origin, good.origin]);
    for (let i = 0; refused === 0 && i < 10; i++) {
      const client = front.open();
      client.socket.write(head("1.1").replace("Expect", "Idempotency-Key: a\r\nExpect"));
      await until(() => client.text().includes("100 Continue\r\n\r\n"));
      client.socket.write("hello");
      await until(isGood);
      for (const socket of good.sockets) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await client.closed;
      expect(client.text().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200"]);
      good.received.length = 0;
      for (const socket of good.sockets) socket.destroy();
    }
    expect(refused).toBe(1);
  });
});
