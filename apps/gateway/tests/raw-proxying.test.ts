import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { trustedProxies } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { behind, type Edge, edge } from "./edge.ts";

let app: RequestListener = () => {};
let target: Awaited<ReturnType<typeof behind>>;
let front: Edge;

beforeAll(async () => {
  target = await behind((req, res) => app(req, res));
  target.server.on("checkContinue", (req, res) => app(req, res));
  front = await edge([target.origin], { holdMs: 0 });
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

describe("a remote app", () => {
  it("gets the trailers of a request, and its own reach the client", async () => {
    let trailers: IncomingMessage["trailers"] = {};
    app = (req, res) => {
      req.resume().on("end", () => {
        trailers = req.trailers;
        res.writeHead(200, { Trailer: "X-Sum" });
        res.write("a");
        res.addTrailers({ "X-Sum": "1", "Content-Length": "9" });
        res.end();
      });
    };
    const answer = await front.send(
      "POST /queue/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Mine\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nX-Mine: 7\r\nHost: evil\r\n\r\n",
    );
    expect(trailers).toEqual({ "x-mine": "7" });
    expect(answer).toMatch(/Trailer: X-Sum/);
    expect(answer).toMatch(/0\r\nX-Sum: 1\r\n\r\n$/);
  });

  it("decides itself whether a client that asks first may send its body", async () => {
    const head = "POST /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let body = "";
    app = (req, res) => {
      res.writeContinue();
      req.on("data", (part) => {
        body += part;
      });
      req.on("end", () => res.end("taken"));
    };
    const client = front.open();
    client.socket.write(head);
    await until(() => client.text().includes("100 Continue\r\n\r\n"));
    expect(body).toBe("");
    client.socket.write("hello");
    await until(() => client.text().includes("taken"));
    expect(body).toBe("hello");
    client.socket.destroy();

    app = (_req, res) => res.writeHead(401, { "Content-Length": "2" }).end("no");
    const refused = await front.send(head);
    expect(refused).toMatch(/^HTTP\/1\.1 401 .*Connection: close\r\n.*no$/s);
    expect(refused).not.toContain("100 Continue");
  });

  it("hears from whom a request comes, and nobody else's word on it", async () => {
    let seen: IncomingMessage["headers"] = {};
    app = (req, res) => {
      seen = req.headers;
      res.end();
    };
    const headers = {
      "X-Forwarded-For": "6.6.6.6, 10.0.0.9",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "example.org",
      Forwarded: "for=6.6.6.6",
      "Remote-User": "admin",
      "X-Real-IP": "6.6.6.6",
    };
    await fetch(`${front.origin}/queue/x`, { headers });
    expect(seen).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" });
    expect(seen.forwarded).toMatch(/^for=127\.0\.0\.1;proto=http;host="127\.0\.0\.1:\d+"$/);
    expect([seen["remote-user"], seen["x-real-ip"]]).toEqual([undefined, undefined]);

    await using proxied = await edge([target.origin], { trusted: trustedProxies("127.0.0.1, 10.0.0.0/8") });
    await fetch(`${proxied.origin}/queue/x`, { headers });
    expect(seen).toMatchObject({
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "example.org",
      forwarded: 'for=6.6.6.6;proto=https;host="example.org"',
    });
  });

  it("hears within 50 ms that the client has gone", async () => {
    const delays: number[] = [];
    for (let i = 0; i < 20; i++) {
      let closedAt = 0;
      let arrived = false;
      app = (req, res) => {
        arrived = true;
        res.write("x");
        req.once("close", () => {
          closedAt = performance.now();
        });
      };
      const client = request(`${front.origin}/queue/long`, { agent: new Agent() });
      client.on("error", () => {});
      client.end();
      await until(() => arrived);
      const from = performance.now();
      client.destroy();
      await until(() => closedAt > 0);
      delays.push(closedAt - from);
    }
    // The middle one, because the machine may be busy with something else for a moment.
    expect(delays.sort((a, b) => a - b)[10]).toBeLessThan(50);
  });

  it("has large bodies passed on untouched, in both directions", async () => {
    app = (req, res) => void req.pipe(res);
    const body = Buffer.alloc(5_000_000, "0123456789abcdef!");
    const init = { method: "POST", duplex: "half" as const };
    const sized = await fetch(`${front.origin}/queue/echo`, { ...init, body });
    expect(Buffer.from(await sized.arrayBuffer()).equals(body)).toBe(true);
    const chunked = await fetch(`${front.origin}/queue/echo`, { ...init, body: new Blob([body]).stream() });
    expect(Buffer.from(await chunked.arrayBuffer()).equals(body)).toBe(true);
  });

  it("may answer before it has the body, and the client's connection still serves", async () => {
    app = (_req, res) => void res.writeHead(413, { "Content-Length": "3" }).end("big");
    const client = front.open();
    client.socket.write(`POST /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${"x".repeat(1000)}`);
    await until(() => client.text().endsWith("big"));
    client.socket.write("x".repeat(299_000));
    app = (_req, res) => void res.end("next");
    client.socket.write("GET /queue/y HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => client.text().endsWith("next") || client.text().includes("0\r\n\r\n"));
    client.socket.destroy();
  });

  it("is spared answers of its own that break the protocol", async () => {
    const raw = createServer().on("connection", () => {});
    raw.removeAllListeners("connection");
    raw.on("connection", (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nX y: 1\r\n\r\n")));
    raw.listen(0, "127.0.0.1");
    await once(raw, "listening");
    await using bad = await edge([`http://127.0.0.1:${(raw.address() as AddressInfo).port}`]);
    const answer = await fetch(`${bad.origin}/queue/x`, { method: "POST" });
    expect(answer.status).toBe(502);
    raw.close();
  });
});
