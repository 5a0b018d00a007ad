import { type EventEmitter, once } from "node:events";
import { type IncomingMessage, type RequestListener, request, type ServerResponse } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { createGunzip } from "node:zlib";
import { createLogger, createService, listenerOf, serve } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { mountedUpstream } from "../src/mounted.ts";
import { remoteUpstream } from "../src/remote/remote-upstream.ts";
import { route } from "../src/routing/route.ts";
import type { Upstream } from "../src/routing/upstream.ts";
import { certificates } from "./certificate.ts";
import { callOverHttp2 } from "./harness/http2-call.ts";

const log = createLogger({ service: "still", level: "silent" });
const limit = 400;
const slow = { bodyMs: limit, readMs: 60_000 };

/** What a path's listener does with the body; all of them come to their end, or to an error, when the body does. */
const readers: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
  "/t/events": (request) =>
    new Promise((_, reject) =>
      request
        .on("data", () => {})
        .on("close", reject)
        .on("error", reject),
    ),
  "/t/iterated": async (request) => {
    for await (const _ of request);
  },
  "/t/left-open": async (request) => {
    for await (const _ of request.iterator({ destroyOnReturn: false }));
  },
  "/t/readable": (request) =>
    new Promise((_, reject) =>
      request
        .on("readable", () => request.read())
        .on("close", reject)
        .on("error", reject),
    ),
  "/t/unpacked": (request) =>
    new Promise((_, reject) => {
      request.on("close", reject).on("error", reject);
      request
        .pipe(createGunzip())
        .on("error", () => {})
        .resume();
    }),
  "/t/paused": (request) =>
    new Promise((_, reject) =>
      request
        .on("close", reject)
        .on("error", reject)
        .once("data", () => request.pause()),
    ),
  "/t/refused": (_request, response) => response.writeHead(401).end(),
  "/t/answering": async (request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": working\n\n");
    for await (const _ of request);
  },
};

/** The paths whose reader has been told that no more comes. */
const told = new Set<string>();
const app = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: [], checks: {}, streams: /web/ });
app.post("/text", async (c) => c.text(await c.req.text()));
app.post("/json", async (c) => c.json(await c.req.json()));
app.post("/form", async (c) => c.json(await c.req.parseBody()));
app.post("/web", async (c) => {
  for await (const _ of c.req.raw.body as unknown as AsyncIterable<Uint8Array>);
  return c.text("read");
});
const viaHono = listenerOf(app);
/** Reads nothing for several times as long as a body may stand still, then all of it. */
const busy: RequestListener = async (request, response) => {
  await pause(limit * 4);
  response.end(String((await buffer(request)).length));
};
const listener: RequestListener = (request, response) => {
  const path = request.url ?? "";
  request.once("close", () => told.add(`${request.headers["x-case"]}`));
  const reader = readers[path];
  if (path === "/t/busy") busy(request, response);
  else if (reader) Promise.resolve(reader(request, response)).catch(() => {});
  else viaHono(request, response);
};

/** Waits for its end, but not for ever. */
const closed = (stream: EventEmitter) => once(stream, "close", { signal: AbortSignal.timeout(8000) }).catch(() => {});

const typeOf = (path: string) => (path === "/t/form" ? "application/x-www-form-urlencoded" : "application/json");

/** A client that sends a part of a body and then nothing; what comes back, until the server has done with it. */
type Sends = (path: string, options?: { name?: string; expect?: boolean; part?: string }) => Promise<string>;

const opened = new AsyncDisposableStack();
const clients: Record<string, Sends> = {};
const origins: Record<string, string> = {};

function overSocket(open: () => Socket): Sends {
  return async (path, { name = path, expect: asks = false, part = "12345," } = {}) => {
    const socket = open();
    let text = "";
    socket.on("data", (bytes) => {
      const first = text === "";
      text += bytes.toString("latin1");
      // The app's own answer may leave the connection to the gateway open.
      if (text.includes(" 408 ") && text.endsWith("}")) socket.end();
      if (asks && first) socket.write(part);
    });
    socket.on("error", () => {});
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${typeOf(path)}\r\nX-Case: ${name}\r\nContent-Length: 99999\r\n`;
    socket.write(asks ? `${head}Expect: 100-continue\r\n\r\n` : `${head}\r\n${part}`);
    await closed(socket);
    if (!socket.closed) text += " and it is still open";
    socket.destroy();
    return text;
  };
}

const sessions: ClientHttp2Session[] = [];
function overHttp2(origin: string): Sends {
  return async (path, { name = path, part = "12345,", expect: asks = false } = {}) => {
    let session = sessions.find((one) => !one.closed && !one.destroyed);
    if (!session) {
      session = connectHttp2(origin, { rejectUnauthorized: false });
      session.on("error", () => {});
      sessions.push(session);
    }
    const stream = session.request(
      {
        ":method": "POST",
        ":path": path,
        "content-type": typeOf(path),
        "x-case": name,
        ...(asks ? { expect: "100-continue" } : {}),
      },
      { endStream: false },
    );
    let text = "";
    stream.on("error", () => {});
    stream.on("response", (head) => {
      text += `HTTP/2 ${head[":status"]} `;
    });
    stream.on("data", (bytes) => {
      text += bytes;
    });
    if (asks) stream.once("continue", () => stream.write(part));
    else stream.write(part);
    await closed(stream);
    stream.close();
    return text;
  };
}

beforeAll(async () => {
  const made = certificates();
  opened.defer(() => made[Symbol.dispose]());
  const tls = made.make("still");
  const common = { port: 0, host: "127.0.0.1", log, drainSeconds: 0 };
  const own: RequestListener = (_request, response) => response.writeHead(404).end();
  const listening = async (inner: RequestListener, options: object) => {
    const server = await serve(inner, { ...common, ...options });
    opened.defer(() => server.close());
    return server.port;
  };
  const alone = await listening(listener, { slow });
  const aloneTls = await listening(listener, { slow, tls });
  const patient = await listening(listener, { slow: { bodyMs: 60_000, readMs: 60_000 } });
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const remote = remoteUpstream("t", "/t", [at(patient)], { log });
  const strict = remoteUpstream("t", "/t", [at(alone)], { log });
  opened.defer(() => remote.close());
  opened.defer(() => strict.close());
  const mounted: Upstream = {
    ...mountedUpstream("t", "/t", app),
    handle(request, response) {
      listener(request, response);
    },
  };
  const fronts = {
    "the gateway before a mounted app": [mounted, slow],
    "the gateway before a remote app": [remote, slow],
    "the app behind a gateway that would wait": [strict, { bodyMs: 60_000, readMs: 60_000 }],
  } as const;
  const plain = (port: number) => overSocket(() => connect(port, "127.0.0.1"));
  const ports: Record<string, [port: number, tlsPort: number]> = { "an app alone": [alone, aloneTls] };
  for (const [name, [upstream, limits]] of Object.entries(fronts)) {
    const options = { edge: true, slow: limits };
    const inner = route([upstream], own);
    ports[name] = [await listening(inner, options), await listening(inner, { ...options, tls })];
  }
  for (const [name, [port, tlsPort]] of Object.entries(ports)) {
    clients[`${name}, HTTP/1.1`] = plain(port);
    const secure = { port: tlsPort, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] };
    clients[`${name}, TLS`] = overSocket(() => connectTls(secure));
    clients[`${name}, HTTP/2`] = overHttp2(`https://127.0.0.1:${tlsPort}`);
    origins[`${name}, HTTP/1.1`] = at(port);
    origins[`${name}, HTTP/2`] = `https://127.0.0.1:${tlsPort}`;
  }
});
afterAll(async () => {
  for (const session of sessions) session.destroy();
  await opened.disposeAsync();
});

const places = ["an app alone", "the gateway before a mounted app", "the gateway before a remote app"].concat(
  "the app behind a gateway that would wait",
);
const ways = places.flatMap((place) => ["HTTP/1.1", "TLS", "HTTP/2"].map((protocol) => `${place}, ${protocol}`));
/** The status of what was answered before the body came; of a refused one the rest is read and forgotten. */
const early: Record<string, number> = { "/t/answering": 200, "/t/refused": 401 };
const all = [...Object.keys(readers), "/t/text", "/t/json", "/t/form", "/t/web"];

describe.concurrent.each(ways)("a body that stands still is given up on by %s", (way) => {
  it("however it is read, and the reader is told", async () => {
    const send = clients[way] as Sends;
    // A gateway that would wait waits for the rest of what was refused as well.
    const paths = way.startsWith("the app behind") ? all.filter((path) => path !== "/t/refused") : all;
    const answers = await Promise.all(
      paths.map(async (path) => [path, await send(path, { name: `${way} ${path}` })] as const),
    );
    for (const [path, text] of answers) {
      expect([path, text]).toEqual([
        path,
        expect.stringMatching(new RegExp(`^HTTP/\\S+ ${early[path] ?? 408} (?!.*still open)`, "s")),
      ]);
    }
    const reading = paths.filter((path) => path !== "/t/refused");
    await vi.waitFor(() => expect(reading.filter((path) => !told.has(`${way} ${path}`))).toEqual([]), 10_000);
  });

  it("when it was asked for first", async () => {
    const send = clients[way] as Sends;
    const texts = await Promise.all(["/t/left-open", "/t/json"].map((path) => send(path, { expect: true })));
    for (const text of texts) expect(text).toMatch(/HTTP\/\S+ 408 /);
  });
});

/** Sends a whole body and gives what is answered. */
function whole(way: string, size: number): Promise<string> {
  const { hostname, port } = new URL(origins[way] as string);
  const body = Buffer.alloc(size, "a");
  if (way.endsWith("HTTP/2")) {
    return callOverHttp2(origins[way] as string, {
      method: "POST",
      path: "/t/busy",
      headers: {},
      payload: Readable.from(size === 0 ? [] : [body.subarray(0, 5), body.subarray(5)]),
    }).then(({ parts }) => Buffer.concat(parts).toString());
  }
  return new Promise((resolve, reject) => {
    const headers = { "Content-Length": size };
    const sent = request({ hostname, port, method: "POST", path: "/t/busy", headers }, async (answer) =>
      resolve(String(await buffer(answer))),
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("a body that the server does not read", () => {
  const over = places.flatMap((place) => [`${place}, HTTP/1.1`, `${place}, HTTP/2`]);

  it("is waited for, as long as that takes", async () => {
    const sizes = [0, 1, 10, 1_000_000];
    const calls = over.flatMap((way) => sizes.map((size) => [way, size] as const));
    const answers = await Promise.all(calls.map(async ([way, size]) => [way, size, await whole(way, size)]));
    expect(answers).toEqual(calls.map(([way, size]) => [way, size, String(size)]));
  });
});
