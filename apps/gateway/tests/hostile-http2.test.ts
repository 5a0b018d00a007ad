import { once } from "node:events";
import { connect } from "node:http2";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, certificates } from "./certificate.ts";
import { behind, type Edge, edge } from "./edge.ts";
import { fields, flag, frame, get, rawHttp2 } from "./raw-http2.ts";

let made: Certificates;
let target: Awaited<ReturnType<typeof behind>>;
let front: Edge;
let underWay = 0;
let most = 0;
const seen: string[] = [];
const headers: string[] = [];

beforeAll(async () => {
  made = certificates();
  const files = made.make("hostile");
  target = await behind((request, response) => {
    let body = "";
    seen.push(`${request.method} ${request.url}`);
    headers.push(...request.rawHeaders);
    most = Math.max(most, ++underWay);
    response.once("close", () => underWay--);
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      seen.push(`body ${body}`);
      if (request.url !== "/queue/hang") response.end("ok");
    });
  });
  front = await edge([target.origin], { tls: files, headMs: 500, slow: { bodyMs: 500, readMs: 500 } });
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  made[Symbol.dispose]();
});

/** How a request is answered: `400`, another status by its first byte, `reset`, or `goaway`. */
async function fate(head: [string, string][], ...data: string[]): Promise<string> {
  using client = await rawHttp2(front.listening.port);
  client.send(frame.headers, flag.endHeaders | (data.length === 0 ? flag.endStream : 0), 1, fields(head));
  data.forEach((part, i) => {
    client.send(frame.data, i === data.length - 1 ? flag.endStream : 0, 1, Buffer.from(part));
  });
  let closed = false;
  client.socket.once("close", () => {
    closed = true;
  });
  const came = (type: number) => client.frames.some((one) => one.type === type);
  await until(() => closed || came(frame.headers) || came(frame.reset) || came(frame.goaway));
  if (came(frame.reset) && !came(frame.headers)) return "reset";
  const status = client.of(1, frame.headers)[0]?.payload[0];
  // Indexed fields of the static table (RFC 7541 appendix A).
  if (status !== undefined) return { 136: "200", 140: "400", 141: "404" }[status] ?? "another";
  return "goaway";
}

async function isServed(): Promise<boolean> {
  const session = connect(`https://127.0.0.1:${front.listening.port}`, { rejectUnauthorized: false });
  const stream = session.request({ ":path": "/queue/x" });
  const body = Buffer.concat(await stream.toArray()).toString();
  session.destroy();
  return body === "ok";
}

describe("over HTTP/2", () => {
  const post = (...further: [string, string][]): [string, string][] => [
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "/queue/x"],
    ...further,
  ];

  it("serves what is right", async () => {
    expect(await fate(get("/queue/x"))).toBe("200");
    expect(await fate(post(["content-length", "4"]), "ab", "cd")).toBe("200");
  });

  it.each([
    ["a coding", post(["transfer-encoding", "chunked"])],
    ["a connection header", get("/queue/x", ["connection", "x-a"])],
    ["an upgrade", get("/queue/x", ["upgrade", "websocket"])],
    ["a kept connection", get("/queue/x", ["keep-alive", "1"])],
    ["TE of another kind", get("/queue/x", ["te", "gzip"])],
    ["a name in capitals", get("/queue/x", ["X-A", "b"])],
    ["a path with a line break", get("/queue/x HTTP/1.1\r\nX-A: b")],
    ["a path with a space", get("/queue/x HTTP/1.1")],
    ["a path with a raw byte", get("/queue/\xff")],
    ["an empty path", get("")],
    ["a path without a slash", get("queue/x")],
    ["an absolute path", get("http://other/queue/x")],
    ["an asterisk", get("*")],
    ["no path", get("/queue/x").filter(([name]) => name !== ":path")],
    ["no method", get("/queue/x").filter(([name]) => name !== ":method")],
    ["no scheme", get("/queue/x").filter(([name]) => name !== ":scheme")],
    ["no authority", get("/queue/x").filter(([name]) => name !== ":authority")],
    ["two paths", [...get("/queue/x"), [":path", "/social/x"]]],
    ["two methods", [...get("/queue/x"), [":method", "POST"]]],
    ["a field with a colon after others", [["x-a", "b"], ...get("/queue/x")]],
    ["an unknown field with a colon", [[":x-a", "b"], ...get("/queue/x")]],
    ["another scheme", get("/queue/x").map(([n, v]) => [n, n === ":scheme" ? "http" : v])],
    ["a host that is not the authority", get("/queue/x", ["host", "other"])],
    ["two hosts", get("/queue/x", ["host", "localhost"], ["host", "other"])],
    ["a user in the authority", get("/queue/x").map(([n, v]) => [n, n === ":authority" ? "a@localhost" : v])],
    ["spaces in the authority", get("/queue/x").map(([n, v]) => [n, n === ":authority" ? "a b" : v])],
    ["an answer's field", get("/queue/x", [":status", "200"])],
    ["two lengths", post(["content-length", "4"], ["content-length", "5"])],
    ["a length that is none", post(["content-length", "+4"])],
    ["a method with a space", get("/queue/x").map(([n, v]) => [n, n === ":method" ? "GET /a HTTP/1.1" : v])],
    ["dot segments", get("/social/../queue/x")],
    ["encoded slashes", get("/social/..%2fqueue/x")],
    ["doubled slashes", get("//queue/x")],
  ] as [string, [string, string][]][])("%s is refused", async (_name, head) => {
    seen.length = 0;
    expect(await fate(head)).not.toBe("200");
    expect(seen).toEqual([]);
  });

  it.each([
    ["a name with a colon", get("/queue/x", ["x:a", "b"])],
    ["a name with a line break", get("/queue/x", ["x\r\ny", "b"])],
    ["a value with a line break", get("/queue/x", ["x-a", "b\r\nx-c: d"])],
    ["a value with a line feed", get("/queue/x", ["x-a", "b\nx-c: d"])],
    ["a value with a NUL", get("/queue/x", ["x-a", "b\0c"])],
  ] as [string, [string, string][]][])("%s is left out, or refused", async (_name, head) => {
    [seen.length, headers.length] = [0, 0];
    expect(await fate(head)).toMatch(/^(?:200|reset|goaway)$/);
    expect(seen.filter((line) => line !== "body " && line !== "GET /queue/x")).toEqual([]);
    const expected = /^(?:host|x-request-id|x-forwarded-\w+|forwarded|via|x-accept-processing|traceparent)$/i;
    expect(headers.filter((name, i) => i % 2 === 0 && !expected.test(name))).toEqual([]);
  });

  it.each([
    ["less", "10", ["abcd"]],
    ["more", "2", ["abcd"]],
    ["nothing", "4", [""]],
  ])("a body of %s than its length is reset, and the one behind it gets no whole one", async (_name, length, data) => {
    seen.length = 0;
    expect(await fate(post(["content-length", length]), ...data)).toMatch(/^(?:reset|goaway)$/);
    await until(() => underWay === 0);
    expect(seen.filter((line) => line.startsWith("body"))).toEqual([]);
  });

  it("a tunnel is refused", async () => {
    expect(
      await fate([
        [":method", "CONNECT"],
        [":authority", "other:80"],
      ]),
    ).not.toBe("200");
  });

  it("a WebSocket by extended CONNECT (RFC 8441) is not offered, and refused", async () => {
    seen.length = 0;
    const session = connect(`https://127.0.0.1:${front.listening.port}`, { rejectUnauthorized: false });
    const [settings] = await once(session, "remoteSettings");
    session.destroy();
    expect(settings.enableConnectProtocol).not.toBe(true);
    const asked = get("/queue/live").map(([name, value]): [string, string] => [
      name,
      name === ":method" ? "CONNECT" : value,
    ]);
    expect(await fate([...asked, [":protocol", "websocket"]])).toBe("reset");
    expect(seen).toEqual([]);
  });

  it("streams that are reset as fast as they are opened end the connection (CVE-2023-44487)", async () => {
    [seen.length, most] = [0, 0];
    using client = await rawHttp2(front.listening.port);
    let closed = false;
    client.socket.once("close", () => {
      closed = true;
    });
    const head = fields(get("/queue/hang"));
    for (let stream = 1; stream < 20_000 && !closed; stream += 2) {
      client.send(frame.headers, flag.endHeaders | flag.endStream, stream, head);
      client.send(frame.reset, 0, stream, Buffer.from([0, 0, 0, 8]));
      if (stream % 500 === 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => closed || client.frames.some((one) => one.type === frame.goaway));
    expect(await isServed()).toBe(true);
    await until(() => underWay === 0);
    expect(seen.length).toBeLessThan(1000);
  });

  it("more streams at once than were allowed are refused", async () => {
    [seen.length, most] = [0, 0];
    using client = await rawHttp2(front.listening.port);
    const head = fields(get("/queue/hang"));
    for (let stream = 1; stream < 400; stream += 2) {
      client.send(frame.headers, flag.endHeaders | flag.endStream, stream, head);
    }
    await until(() => client.frames.some(({ type }) => type === frame.reset || type === frame.goaway));
    expect(most).toBeLessThanOrEqual(128);
    client.socket.destroy();
    await until(() => underWay === 0);
  });

  it.each([
    ["pings", frame.ping, 0, Buffer.alloc(8)],
    ["settings", frame.settings, 0, Buffer.alloc(0)],
    ["unknown frames", 99, 0, Buffer.alloc(8)],
    ["resets of streams that are not there", frame.reset, 1, Buffer.alloc(4)],
  ])("a flood of %s does not keep others from being served", async (_name, type, stream, payload) => {
    using client = await rawHttp2(front.listening.port);
    for (let i = 0; i < 20_000 && !client.socket.destroyed; i++) {
      client.send(type, 0, stream, payload);
      if (i % 1000 === 0) expect(await isServed()).toBe(true);
    }
    expect(await isServed()).toBe(true);
  });

  it("a head without an end is cut off", async () => {
    using client = await rawHttp2(front.listening.port);
    let closed = false;
    client.socket.once("close", () => {
      closed = true;
    });
    const part = fields([["x-a", "b".repeat(16_000)]]);
    client.send(frame.headers, 0, 1, fields(get("/queue/x")));
    for (let i = 0; i < 100 && !closed; i++) {
      client.send(9, 0, 1, part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => closed || client.frames.some(({ type }) => type === frame.goaway));
    expect(await isServed()).toBe(true);
  });
});

it("hangs up on who connects and begins no handshake", async () => {
  const { socket, closed } = front.open();
  await closed;
  socket.destroy();
});
