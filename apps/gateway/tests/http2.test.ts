import { execFile } from "node:child_process";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { until } from "@quintet/http/testing";
import { findTool } from "@quintet/stores/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, certificates } from "./certificate.ts";
import { behind, type Edge, edge } from "./edge.ts";

const run = promisify(execFile);
let made: Certificates;
let files: { cert: string; key: string; pem: string };
let target: Awaited<ReturnType<typeof behind>>;
let front: Edge;
let session: ClientHttp2Session;
let seen: { url: string; rawHeaders: string[]; body: string; trailers: object; closedAt?: number }[] = [];

beforeAll(async () => {
  made = certificates();
  files = made.make("first");
  target = await behind(async (request, response) => {
    const one: (typeof seen)[number] = {
      url: `${request.method} ${request.url}`,
      rawHeaders: request.rawHeaders,
      body: "",
      trailers: {},
    };
    seen.push(one);
    response.once("close", () => {
      one.closedAt = performance.now();
    });
    if (request.url === "/queue/hang") return;
    if (request.url === "/queue/large") {
      const piece = Buffer.alloc(64 * 1024);
      const more = () => {
        while (sent < 64 * 1024 * 1024 && !response.destroyed) {
          sent += piece.length;
          if (!response.write(piece)) return void response.once("drain", more);
        }
        response.end();
      };
      let sent = 0;
      response.on("close", () => {
        one.body = String(sent);
      });
      more();
      return;
    }
    if (request.url === "/queue/events") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: first\n\n");
      return;
    }
    for await (const part of request) one.body += part;
    one.trailers = request.trailers;
    const hops = { Connection: "keep-alive, X-Hop", "Keep-Alive": "timeout=5", "X-Hop": "1" };
    if (request.method === "HEAD") return void response.writeHead(200, hops).end();
    response.writeHead(200, { ...hops, Trailer: "X-Sum", "X-Own": "yes" });
    response.write(`${request.method} ${one.body}`);
    response.addTrailers({ "X-Sum": "7" });
    response.end();
  });
  front = await edge([target.origin], { tls: files, slow: { bodyMs: 500, readMs: 700 } });
  session = connect(`https://localhost:${front.listening.port}`, { ca: files.pem });
});
afterAll(async () => {
  session.destroy();
  await front[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  made[Symbol.dispose]();
});

async function answerOf(stream: ClientHttp2Stream) {
  let trailers: object = {};
  stream.on("trailers", (given) => {
    trailers = given;
  });
  const [headers] = await once(stream, "response");
  const body = Buffer.concat(await stream.toArray()).toString();
  return { status: headers[":status"], headers, body, trailers };
}

function ask(path: string, headers: OutgoingHttpHeaders = {}, body?: string) {
  const stream = session.request({ ":path": path, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

const valuesOf = (raw: string[], name: string) =>
  raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name);

describe("a request over HTTP/2", () => {
  it("reaches a mounted app", async () => {
    const answer = await ask("/social/x", { ":method": "POST", "content-length": 5 }, "hello");
    expect(answer).toMatchObject({ status: 200, body: "hello" });
  });

  it("is forwarded as HTTP/1.1, and its answer comes back without what concerns that connection", async () => {
    seen = [];
    const { ":status": status, ...headers } = (await ask("/queue/x?y=1", { cookie: ["a=1", "b=2"] })).headers;
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "x-own": "yes" });
    for (const name of ["connection", "keep-alive", "transfer-encoding", "x-hop"])
      expect(headers).not.toHaveProperty(name);
    const { url, rawHeaders } = seen[0] as (typeof seen)[number];
    expect(url).toBe("GET /queue/x?y=1");
    expect(valuesOf(rawHeaders, "host")).toEqual([`localhost:${front.listening.port}`]);
    expect(valuesOf(rawHeaders, "cookie")).toEqual(["a=1; b=2"]);
    expect(valuesOf(rawHeaders, "x-forwarded-proto")).toEqual(["https"]);
    expect(valuesOf(rawHeaders, "forwarded").join()).toContain("proto=https");
    expect(rawHeaders.filter((name) => name.startsWith(":"))).toEqual([]);
  });

  it.each([
    ["/queue/x/?y=1", {}, 308, { location: "/queue/x?y=1" }],
    ["/queue/x#part", {}, 400, {}],
    ["*", { ":method": "OPTIONS" }, 204, { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" }],
  ])("for %s with %j is a %i, and reaches no app", async (path, head, status, headers) => {
    seen = [];
    const answer = await ask(path, head);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(headers);
    expect(seen).toEqual([]);
  });

  it("brings its body, with its length or in chunks", async () => {
    seen = [];
    expect((await ask("/queue/x", { ":method": "POST", "content-length": 5 }, "hello")).body).toBe("POST hello");
    expect((await ask("/queue/x", { ":method": "POST" }, "hello")).body).toBe("POST hello");
    expect((await ask("/queue/x", { ":method": "PUT" })).body).toBe("PUT ");
    const framing = seen.map(({ rawHeaders }) => [
      valuesOf(rawHeaders, "content-length").join(),
      valuesOf(rawHeaders, "transfer-encoding").join(),
    ]);
    expect(framing).toEqual([
      ["5", ""],
      ["", "chunked"],
      ["", ""],
    ]);
  });

  it("passes trailers both ways", async () => {
    seen = [];
    const stream = session.request(
      { ":method": "POST", ":path": "/queue/x", te: "trailers" },
      { endStream: false, waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-check": "3", host: "evil" }));
    stream.end("body");
    const answer = await answerOf(stream);
    expect(answer).toMatchObject({ body: "POST body", trailers: { "x-sum": "7" } });
    expect(seen[0]?.trailers).toEqual({ "x-check": "3" });
  });

  it("answers HEAD without a body, and asks for one that waits for 100", async () => {
    expect(await ask("/queue/x", { ":method": "HEAD" })).toMatchObject({ status: 200, body: "" });
    for (const path of ["/queue/x", "/social/x"]) {
      const stream = session.request(
        { ":method": "POST", ":path": path, expect: "100-continue" },
        { endStream: false },
      );
      const answered = answerOf(stream);
      await once(stream, "continue");
      stream.end("late");
      expect((await answered).body).toMatch(/late$/);
    }
  });

  it("cancels the one behind it at once when it is reset", async () => {
    seen = [];
    const stream = session.request({ ":path": "/queue/hang" });
    stream.on("error", () => {});
    await until(() => seen.length === 1);
    stream.close(8);
    // Counted in requests that follow it, not in time: a busy machine makes both slow.
    for (let after = 0; after < 5 && seen[0]?.closedAt === undefined; after++) await ask("/queue/x");
    expect(seen[0]?.closedAt).toBeDefined();
  });

  it("gets events as they are sent", async () => {
    const stream = session.request({ ":path": "/queue/events" });
    const [first] = await once(stream, "data");
    expect(first.toString()).toBe("data: first\n\n");
    stream.close(8);
  });

  it("whose answer is not read holds up the one behind it, and is given up", async () => {
    seen = [];
    const stream = session.request({ ":path": "/queue/large" });
    stream.on("error", () => {});
    await once(stream, "response");
    await until(() => seen[0]?.closedAt !== undefined && seen[0].body !== "");
    expect(Number(seen[0]?.body)).toBeLessThan(32 * 1024 * 1024);
    stream.destroy();
    expect((await ask("/queue/x")).status).toBe(200);
  });

  it("that trickles its body is a 408", async () => {
    const stream = session.request({ ":method": "POST", ":path": "/queue/x" }, { endStream: false });
    const trickle = setInterval(() => stream.write("x"), 100);
    const answer = await answerOf(stream).finally(() => clearInterval(trickle));
    expect(answer.status).toBe(408);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
  });

  it("runs beside a hundred others on its connection", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => ask("/queue/x", { ":method": "POST" }, `${i}`)),
    );
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 100 }, (_, i) => `POST ${i}`));
  });
});

describe("TLS", () => {
  let curl: string;
  beforeAll(async () => {
    curl = await findTool("curl", process.env, (line) => console.log(line));
  }, 120_000);

  it.each([
    ["--http2", "2"],
    ["--http1.1", "1.1"],
  ])("serves curl %s", async (option, version) => {
    const url = `https://localhost:${front.listening.port}/queue/x`;
    const { stdout } = await run(curl, ["-sS", option, "--cacert", files.cert, "-w", " %{http_version}", url]);
    expect(stdout).toBe(`GET  ${version}`);
  });

  it("carries WebSockets over HTTP/1.1, every byte both ways", async () => {
    target.server.once("upgrade", (request, socket) => {
      const { "x-forwarded-proto": proto } = request.headers;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${proto}`);
      socket.pipe(socket);
    });
    const handshake = (path: string) => {
      const { port } = front.listening;
      const socket = connectTls({ port, servername: "localhost", ca: files.pem, ALPNProtocols: ["http/1.1"] });
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString("latin1");
      });
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
      );
      return { socket, text: () => text };
    };
    const client = handshake("/queue/live");
    client.socket.write("early");
    await until(() => /^HTTP\/1\.1 101 .*\r\n\r\nhttpsearly$/s.test(client.text()));
    client.socket.write("late");
    await until(() => client.text().endsWith("earlylate"));
    client.socket.end();
    await once(client.socket, "close");
    // To an app that takes none it is a plain request.
    const plain = handshake("/social/x");
    await until(() => plain.text().startsWith("HTTP/1.1 200 "));
    plain.socket.destroy();
  });

  it("hangs up on who does not speak it, and on versions of old", async () => {
    expect(await front.send("GET /queue/x HTTP/1.1\r\nHost: a\r\n\r\n")).not.toContain("200");
    const old = connectTls({ port: front.listening.port, ca: files.pem, maxVersion: "TLSv1.1", minVersion: "TLSv1" });
    await expect(once(old, "secureConnect")).rejects.toThrow();
  });
});

it("gives the memory of a large body back while it is read", async () => {
  const MiB = 1024 * 1024;
  const before = process.memoryUsage().arrayBuffers;
  let [bytes, most] = [0, 0];
  const fetched = async (_request: Request, { incoming }: { incoming?: AsyncIterable<Buffer> }) => {
    for await (const part of incoming ?? []) {
      bytes += part.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    return new Response("taken");
  };
  await using own = await edge([target.origin], { tls: files, mounted: { fetch: fetched } });
  const client = connect(`https://localhost:${own.listening.port}`, { ca: files.pem });
  const stream = client.request({ ":method": "POST", ":path": "/social/x" });
  const answered = once(stream, "response");
  const piece = Buffer.alloc(MiB);
  for (let i = 0; i < 128; i++) if (!stream.write(piece)) await once(stream, "drain");
  stream.end();
  await answered;
  client.destroy();
  expect(bytes).toBe(128 * MiB);
  expect(most).toBeLessThan(32 * MiB);
});

it("finishes what is under way when it drains, and tells clients to go elsewhere", async () => {
  const released = Promise.withResolvers<void>();
  const mounted = { fetch: () => released.promise.then(() => new Response("done")) };
  const own = await edge([target.origin], { tls: files, mounted, drainSeconds: 5 });
  const client = connect(`https://localhost:${own.listening.port}`, { ca: files.pem });
  const goaway = once(client, "goaway");
  const stream = client.request({ ":path": "/social/x" });
  await once(client, "connect");
  await once(client, "remoteSettings");
  await new Promise((resolve) => client.ping(resolve));
  const closed = own.listening.close();
  expect((await goaway)[0]).toBe(0);
  released.resolve();
  expect((await answerOf(stream)).body).toBe("done");
  await closed;
  await until(() => client.destroyed);
  await own[Symbol.asyncDispose]();
});
