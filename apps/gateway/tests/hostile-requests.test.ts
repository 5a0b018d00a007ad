import type { IncomingMessage } from "node:http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { behind, type Edge, edge } from "./edge.ts";

const seen: string[] = [];
let target: Awaited<ReturnType<typeof behind>>;
let front: Edge;

beforeAll(async () => {
  target = await behind(async (req: IncomingMessage, res) => {
    seen.push(`${req.method} ${req.url}`);
    req.resume().on("end", () => res.end("ok"));
  });
  front = await edge([target.origin], { headMs: 700, slow: { bodyMs: 500, readMs: 500 } });
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

/** The last status of an answer, with the check that an error is a problem. */
async function statusOf(bytes: string): Promise<number> {
  const answer = await front.send(bytes, (text) => /\r\n\r\n(?:.*\}|ok|0\r\n\r\n)$/s.test(text));
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
  if (status >= 400 && !answer.endsWith("own")) expect(answer).toContain("application/problem+json");
  return status;
}

const post = (headers: string, body = "", version = "HTTP/1.1") =>
  `POST /queue/x ${version}\r\nHost: a\r\n${headers}\r\n\r\n${body}`;

describe("requests that two readers could take in two ways", () => {
  it.each([
    ["a length and a coding", post("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n")],
    ["a coding and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n")],
    ["two lengths", post("Content-Length: 4\r\nContent-Length: 5", "abcde")],
    ["the same length twice", post("Content-Length: 4\r\nContent-Length: 4", "abcd")],
    ["a list of lengths", post("Content-Length: 4, 4", "abcd")],
    ["a signed length", post("Content-Length: +4", "abcd")],
    ["a hexadecimal length", post("Content-Length: 0x4", "abcd")],
    ["bare line feeds", "GET /queue/x HTTP/1.1\nHost: a\n\n"],
    ["one bare line feed", "GET /queue/x HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"],
    ["a bare carriage return", "GET /queue/x HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n"],
    ["a folded header", "GET /queue/x HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"],
    ["a space before the colon", post("Content-Length : 4", "abcd")],
    ["a NUL", "GET /queue/x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"],
    ["a chunk size that is none", post("Transfer-Encoding: chunked", "zz\r\n")],
    ["a negative chunk size", post("Transfer-Encoding: chunked", "-1\r\n")],
    ["a huge chunk size", post("Transfer-Encoding: chunked", "fffffffffffffffff\r\n")],
    ["line feeds between chunks", post("Transfer-Encoding: chunked", "1\na\n0\n\n")],
    ["a chunk longer than its size", post("Transfer-Encoding: chunked", "1\r\nab\r\n0\r\n\r\n")],
    ["an unknown coding", post("Transfer-Encoding: xchunked", "0\r\n\r\n")],
    ["a coding before chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")],
    ["two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n")],
    ["a coding with HTTP/1.0", post("Transfer-Encoding: chunked", "0\r\n\r\n", "HTTP/1.0")],
    ["two hosts", "GET /queue/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["no host", "GET /queue/x HTTP/1.1\r\n\r\n"],
    ["a host with spaces", "GET /queue/x HTTP/1.1\r\nHost: a b\r\n\r\n"],
    ["a host that ends in a number", "GET /queue/x HTTP/1.1\r\nHost: a44.191\r\n\r\n"],
    ["a host that begins with a dot and ends in a number", "GET /queue/x HTTP/1.1\r\nHost: .236\r\n\r\n"],
    ["a host whose escapes are none", "GET /queue/x HTTP/1.1\r\nHost: %zz\r\n\r\n"],
    ["a port that is too high", "GET /queue/x HTTP/1.1\r\nHost: a:99999\r\n\r\n"],
    ["another version", "GET /queue/x HTTP/2.0\r\nHost: a\r\n\r\n"],
    ["no version", "GET /queue/x\r\n\r\n"],
    ["a raw byte in the path", "GET /queue/\xff HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a user in the target", "GET http://u@b/queue/x HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00"],
  ])("%s is a 400", async (_name, bytes) => {
    seen.length = 0;
    expect(await statusOf(bytes)).toBe(400);
    // What follows a refused request on its connection is not served.
    expect(seen.filter((line) => !line.endsWith("/x"))).toEqual([]);
  });

  const prefixes = ["/queue", "/social", "/auth", "/.well-known", "/properties", "/ingest", "/directory"];
  it.each(prefixes)("paths cannot get around %s", async (prefix) => {
    const tricks = [
      "/../queue/x",
      "/./x",
      "/..",
      "/a/../../queue/x",
      "/%2e%2e/queue/x",
      "/%2e./queue/x",
      "/..;/queue/x",
      "/.%2E;a/queue/x",
      "/..%3ba/queue/x",
      "//queue/x",
      "\\..\\queue\\x",
      "/..%5cqueue/x",
      "/..%2fqueue/x",
      "/x%00",
    ];
    for (const path of tricks) {
      seen.length = 0;
      expect(await statusOf(`GET ${prefix}${path} HTTP/1.1\r\nHost: a\r\n\r\n`), path).toBe(400);
      expect(seen, path).toEqual([]);
    }
  });

  it.each([
    "/Queue/x",
    "/QUEUE/x",
    "/que%75e/x",
    "/%71ueue/x",
    "/queue;a/x",
    "/queue%20/x",
    "/queue%3f/x",
    "/queuex",
    "/queue./x",
    "/queue:80/x",
    "/@queue/x",
  ])("%s is nobody's, not the queue's", async (path) => {
    seen.length = 0;
    await front.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, (text) => text.includes("own"));
    expect(seen).toEqual([]);
  });

  it.each([
    ["a long URL", `GET /queue/${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ["a longer URL", `GET /queue/${"a".repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ["large headers", `GET /queue/x HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["TRACE", "TRACE /queue/x HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["CONNECT", "CONNECT b:443 HTTP/1.1\r\nHost: b\r\n\r\n", 405],
    ["another expectation", post("Expect: 200-ok\r\nContent-Length: 1", "a"), 417],
  ])("%s is refused by a problem", async (_name, bytes, status) => {
    expect(await statusOf(bytes)).toBe(status);
  });
});

describe("slow clients", () => {
  it.each(["/queue/x", "/social/x"])("are hung up on when a body for %s does not come", async (path) => {
    const answer = await front.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc`);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("are hung up on when they do not read, and those that read slowly are not", async () => {
    const large = Buffer.alloc(30_000_000);
    await using app = await behind((_req, res) => void res.end(large));
    await using other = await edge([app.origin], { slow: { bodyMs: 500, readMs: 500 } });
    const stuck = other.open();
    stuck.socket.write("GET /queue/x HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => stuck.text().length > 0);
    stuck.socket.pause();
    // A paused socket is not told that it was closed; the gateway's side tells.
    const connections = () =>
      new Promise<number>((resolve) => other.listening.server.getConnections((_error, count) => resolve(count)));
    let left = 1;
    await until(() => {
      void connections().then((count) => {
        left = count;
      });
      return left === 0;
    });
    stuck.socket.destroy();
    const answer = await fetch(`${other.origin}/queue/x`);
    expect((await answer.arrayBuffer()).byteLength).toBe(large.length);
  });
});
