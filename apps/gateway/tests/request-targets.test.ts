import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { behind, type Edge, edge } from "./edge.ts";

/** What reached the app behind HTTP, and the one in this process. */
const seen: string[] = [];
const mounted = new Hono().all("*", (c) => {
  seen.push(`${c.req.method} ${c.req.path} at ${c.req.header("host")}`);
  return c.text("ok");
});
let target: Awaited<ReturnType<typeof behind>>;
let front: Edge;

beforeAll(async () => {
  target = await behind((request: IncomingMessage, response) => {
    seen.push(`${request.method} ${request.url} at ${request.headers["x-forwarded-host"]}`);
    request.resume().on("end", () => {
      if (request.method !== "PUT") response.end("ok");
      else response.writeHead(204, { "Content-Length": "0" }).end();
    });
  });
  front = await edge([target.origin], { mounted, corsOrigins: ["https://pages.example"] });
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

/** The status line and headers of the answer to a head. */
async function headOf(head: string): Promise<string> {
  seen.length = 0;
  const answer = await front.send(`${head}\r\nConnection: close\r\n\r\n`);
  return answer.split("\r\n\r\n")[0] ?? "";
}

describe.each(["/queue", "/social"])("a target of %s", (prefix) => {
  it.each([
    [`GET http://b:81${prefix}/x HTTP/1.1\r\nHost: a`, `GET ${prefix}/x at b:81`],
    [`GET HTTP://b${prefix}/x HTTP/1.1\r\nHost: b`, `GET ${prefix}/x at b`],
    [`GET http://b${prefix}/x HTTP/1.0`, `GET ${prefix}/x at b`],
    [`POST http://[::1]:80${prefix} HTTP/1.1\r\nHost: a\r\nContent-Length: 0`, `POST ${prefix} at [::1]:80`],
  ])("in absolute form is served: %s", async (head, line) => {
    expect(await headOf(head)).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toEqual([line]);
  });

  it.each([
    `GET ftp://a${prefix}/x HTTP/1.1\r\nHost: a`,
    `GET https://a${prefix}/x HTTP/1.1\r\nHost: a`, // It came without TLS.
    `GET http://u:p@a${prefix}/x HTTP/1.1\r\nHost: a`,
    `GET http://a:99999${prefix}/x HTTP/1.1\r\nHost: a`,
    `GET http://${prefix}/x HTTP/1.1\r\nHost: a`,
    `GET http://a${prefix}/../x HTTP/1.1\r\nHost: a`,
    `GET http://a${prefix}/x HTTP/1.1\r\nHost: a b`,
    `GET http://a${prefix}/x HTTP/1.1\r\nHost: a\r\nHost: b`,
    `GET http://a${prefix}/x HTTP/1.1`,
    `GET ${prefix}/x#part HTTP/1.1\r\nHost: a`,
    `GET ${prefix}/x?y=1#part HTTP/1.1\r\nHost: a`,
    `GET http://a${prefix}/x#part HTTP/1.1\r\nHost: a`,
    `GET * HTTP/1.1\r\nHost: a`,
    "OPTIONS *? HTTP/1.1\r\nHost: a",
  ])("that is none is a 400: %s", async (head) => {
    expect(await headOf(head)).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toEqual([]);
  });

  it.each([
    ["GET", `${prefix}/`, prefix],
    ["HEAD", `${prefix}/x/y/?a=/&b=%2F`, `${prefix}/x/y?a=/&b=%2F`],
    ["POST", `${prefix}/x/`, `${prefix}/x`],
    ["DELETE", `http://evil.example${prefix}/x/`, `${prefix}/x`],
    ["OPTIONS", `${prefix}/x/`, `${prefix}/x`],
    ["GET", "/nothing/of/that/name/", "/nothing/of/that/name"],
  ])("with a trailing slash leads to the one without: %s %s", async (method, url, location) => {
    const head = await headOf(`${method} ${url} HTTP/1.1\r\nHost: a\r\nOrigin: https://pages.example`);
    expect(head).toMatch(/^HTTP\/1\.1 308 /);
    expect(head).toContain(`\r\nLocation: ${location}\r\n`);
    expect(head).toContain("\r\nAccess-Control-Allow-Origin: https://pages.example\r\n");
    expect(seen).toEqual([]);
  });

  it("is led nowhere by a preflight", async () => {
    await headOf(`OPTIONS ${prefix}/x/ HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: POST`);
    expect(seen).toHaveLength(1);
  });
});

describe("the server as a whole", () => {
  it("gives a 204 of an app no length, whatever the app says", async () => {
    const head = await headOf("PUT /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0");
    expect(head).toMatch(/^HTTP\/1\.1 204 /);
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
  });

  it.each(["*", "http://a"])("says by OPTIONS %s what it serves", async (url) => {
    const head = await headOf(`OPTIONS ${url} HTTP/1.1\r\nHost: a`);
    expect(head).toMatch(/^HTTP\/1\.1 204 /);
    expect(head).toContain("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
    expect(seen).toEqual([]);
  });

  it.each(["GET", "POST", "DELETE", "CONNECT"])("says to a plain %s what its TLS port speaks", async (method) => {
    using made = certificates();
    await using secure = await edge([target.origin], { tls: made.make("plain") });
    const socket = connect(secure.listening.port, "127.0.0.1");
    socket.write(`${method} /queue/x HTTP/1.1\r\nHost: a\r\n\r\n`);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\nContent-Type: application\/problem\+json\r\n/s);
    expect(answer).toContain("This port requires TLS");
  });
});
