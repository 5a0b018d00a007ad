import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { beginWaiting, createService, eventStream, listenerOf, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, describe, expect, it, vi } from "vitest";
import { admission } from "../src/limits/admission.ts";
import { mountedUpstream } from "../src/mounted.ts";
import { remoteUpstream } from "../src/remote/remote-upstream.ts";
import { route } from "../src/routing/route.ts";
import { certificates } from "./certificate.ts";
import { behind, log } from "./edge.ts";

const made = certificates();
const tls = made.make("waiting");
afterAll(() => made[Symbol.dispose]());

const atWork = 6;
const waiting = 24;
const share = 0.5;
const address = { port: 0, host: "127.0.0.1", log, drainSeconds: 1 };

/** An app with a long poll, a stream of events, and work that ends when the test says so. */
function pollingApp() {
  const app = createService({ title: "polls", version: "1", prefix: "/polls", log, corsOrigins: [], checks: {} });
  const { promise, resolve } = Promise.withResolvers<void>();
  let came = 0;
  app.post("/wait", async (c) => {
    beginWaiting(c);
    came++;
    await promise;
    return c.text("waited");
  });
  app.get("/events", (c) =>
    eventStream(c, async (stream) => {
      came++;
      await stream.writeSSE({ event: "hello", data: "1" });
      await promise;
    }),
  );
  app.get("/work", async (c) => {
    came++;
    await promise;
    return c.text("worked");
  });
  app.get("/now", (c) => c.text("now"));
  return { app, came: () => came, end: resolve };
}

/** What a caller gets: the status as soon as it is there, the whole text later. */
interface Called {
  status: Promise<number>;
  retryAfter: Promise<string | undefined>;
  text: Promise<string>;
}
type Call = (method: string, path: string, account?: string) => Called;

/** A gateway with small limits before the app, which is mounted or behind HTTP, and a client that speaks either version of HTTP. */
async function front(way: "mounted" | "remote", version: 1 | 2, polls = pollingApp()) {
  const stack = new AsyncDisposableStack();
  const stopping = new AbortController();
  const alone = stack.adopt(await serve(listenerOf(polls.app), address), (one) => one.close());
  const upstream =
    way === "mounted"
      ? mountedUpstream("polls", "/polls", polls.app)
      : remoteUpstream("polls", "/polls", [`http://127.0.0.1:${alone.port}`], {
          log,
          maxConnections: atWork,
          stopping: stopping.signal,
        });
  stack.defer(() => upstream.close());
  const admitting = stack.use(
    admission({
      maxInFlight: atWork,
      maxWaiting: waiting,
      maxShare: share,
      accountOf: ({ headers }) => (headers.authorization ? Promise.resolve(headers.authorization) : undefined),
    }),
  );
  const listener = admitting.requests(route([upstream], (_req, res) => res.writeHead(404).end()));
  const listening = stack.adopt(
    await serve(listener, { ...address, edge: true, ...(version === 2 ? { tls } : {}) }),
    (one) => one.close(),
  );
  let session: ClientHttp2Session | undefined;
  if (version === 2) {
    session = connectHttp2(`https://127.0.0.1:${listening.port}`, { rejectUnauthorized: false });
    session.on("error", () => {});
    stack.defer(() => void session?.destroy());
  }
  const call: Call = (method, path, account) => {
    const headers = account ? { authorization: account } : {};
    return session ? overHttp2(session, method, path, headers) : overHttp1(listening.port, method, path, headers);
  };
  stack.defer(polls.end);
  return { ...polls, call, upstream, stop: () => stopping.abort(), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function overHttp1(port: number, method: string, path: string, headers: Record<string, string>): Called {
  const outgoing = request({ port, host: "127.0.0.1", method, path, headers, agent: false });
  const answered = (once(outgoing, "response") as Promise<[IncomingMessage]>).then(([answer]) => answer);
  outgoing.end();
  return {
    status: answered.then(({ statusCode }) => statusCode ?? 0),
    retryAfter: answered.then((answer) => answer.headers["retry-after"]),
    text: answered.then(async (answer) => (await answer.toArray()).join("")),
  };
}

function overHttp2(session: ClientHttp2Session, method: string, path: string, headers: object): Called {
  const stream = session.request({ ":method": method, ":path": path, ...headers });
  const answered = once(stream, "response").then(([head]) => head as Record<string, unknown>);
  return {
    status: answered.then((head) => Number(head[":status"])),
    retryAfter: answered.then((head) => head["retry-after"] as string | undefined),
    text: answered.then(async () => (await stream.toArray()).join("")),
  };
}

describe.each([
  ["mounted", 1],
  ["mounted", 2],
  ["remote", 1],
  ["remote", 2],
] as const)("requests that wait, %s, over HTTP/%i", (way, version) => {
  it("take no place of those that work, and have a limit and shares of their own", async () => {
    await using gateway = await front(way, version);
    const { call, came } = gateway;
    const mine = waiting * share;
    const waits: Called[] = [];
    // One after the other, so that each has begun to wait and is no work any more when the next one comes.
    for (let i = 0; i < mine; i++) {
      waits.push(i % 2 === 0 ? call("POST", "/polls/wait", "a") : call("GET", "/polls/events", "a"));
      await until(() => came() === i + 1);
    }
    const refused = call("POST", "/polls/wait", "a");
    expect([await refused.status, await refused.retryAfter]).toEqual([429, "2"]);
    expect(await call("GET", "/polls/events", "a").status).toBe(429);
    expect(JSON.parse(await refused.text)).toMatchObject({ status: 429, detail: expect.stringContaining("wait") });
    const others = came();
    for (let i = 0; i < mine; i++) {
      waits.push(call("POST", "/polls/wait", "b"));
      await until(() => came() >= others + i + 1);
    }
    const full = call("POST", "/polls/wait", "c");
    expect([await full.status, await full.retryAfter]).toEqual([503, "1"]);
    // Twice as many as may work wait, and everybody else is served: also the one who waits with all of its share.
    for (const account of ["a", "b", "c", undefined]) {
      expect(await call("GET", "/polls/now", account).status).toBe(200);
    }
    gateway.end();
    for (const { text } of waits) expect(await text).toMatch(/waited|hello/);
    // The places of those who have their responses are free again.
    await vi.waitFor(async () => expect(await call("POST", "/polls/wait", "a").text).toBe("waited"), 10_000);
  });

  it("count as work until they wait, and work that says it waits is work", async () => {
    await using gateway = await front(way, version);
    const { call, came } = gateway;
    const mine = atWork * share;
    for (let i = 0; i < mine; i++) {
      void call("GET", "/polls/work", "a").status.catch(() => {});
      await until(() => came() === i + 1);
    }
    // One that would wait must be let in as work first.
    expect(await call("POST", "/polls/wait", "a").status).toBe(429);
    const said = call("GET", "/polls/work", "a");
    expect(await said.status).toBe(429);
    expect(await call("GET", "/polls/now", "b").status).toBe(200);
  });
});

it("a client cannot say that it waits, nor is it told", async () => {
  await using app = await behind((req, res) => res.end(JSON.stringify(req.headers["x-accept-processing"] ?? null)));
  const upstream = remoteUpstream("polls", "/polls", [app.origin], { log });
  await using front = await behind(route([upstream], (_req, res) => res.end()));
  const answer = await fetch(`${front.origin}/polls`, { headers: { "X-Accept-Processing": "mine" } });
  expect(await answer.json()).toBe("1");
  await upstream.close();
});

it("an app behind HTTP that says nothing counts as waiting when it sends events, and as work otherwise", async () => {
  await using app = await behind((req, res) => {
    res.writeHead(200, {
      "Content-Type": req.url?.endsWith("events") ? "text/event-stream; charset=utf-8" : "text/plain",
    });
    res.write("data: 1\n\n");
  });
  const upstream = remoteUpstream("polls", "/polls", [app.origin], { log });
  using admitting = admission({ maxInFlight: 2, maxWaiting: 3, maxShare: 1 });
  await using front = await behind(admitting.requests(route([upstream], (_req, res) => res.end())));
  const statusOf = async (path: string) => (await fetch(`${front.origin}/polls/${path}`)).status;
  for (let i = 0; i < 3; i++) expect(await statusOf("events")).toBe(200);
  expect(await statusOf("events")).toBe(503);
  expect([await statusOf("text"), await statusOf("text"), await statusOf("text")]).toEqual([200, 200, 503]);
  await upstream.close();
});

it("those who wait at an app behind HTTP are let go when the gateway stops, and nobody waits after", async () => {
  await using gateway = await front("remote", 1);
  const waits = [1, 2, 3].map(() => gateway.call("POST", "/polls/wait"));
  await until(() => gateway.came() === 3);
  gateway.stop();
  for (const { status, retryAfter } of waits) expect([await status, await retryAfter]).toEqual([503, "1"]);
  expect(await gateway.call("POST", "/polls/wait").status).toBe(503);
  expect(await gateway.call("GET", "/polls/now").status).toBe(200);
});

it("a WebSocket is one that waits", async () => {
  await using app = await behind((_req, res) => res.end());
  app.server.on("upgrade", (_req, socket) => {
    socket.on("error", () => {});
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  });
  const upstream = remoteUpstream("polls", "/polls", [app.origin], { log });
  using admitting = admission({ maxInFlight: 2, maxWaiting: 3, maxShare: 0.7 });
  const listening = await serve(admitting.requests(route([upstream], (_req, res) => res.end())), {
    ...address,
    drainSeconds: 0,
    edge: true,
  });
  const statuses: string[] = [];
  const sockets: Socket[] = [];
  // One after the other: a handshake is work until it is accepted.
  for (let i = 1; i <= 3; i++) {
    const socket = connect(listening.port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", (bytes) => statuses.push(bytes.toString("latin1", 9, 12)));
    socket.write("GET /polls HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await until(() => statuses.length === i);
  }
  expect(statuses).toEqual(["101", "101", "429"]);
  for (const socket of sockets) socket.destroy();
  await upstream.close();
  await listening.close();
});
