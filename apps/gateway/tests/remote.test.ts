import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { createLogger } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remoteUpstream } from "../src/remote/remote-upstream.ts";
import { route } from "../src/routing/route.ts";
import type { Upstream } from "../src/routing/upstream.ts";

const log = createLogger({ service: "test", level: "silent" });

async function listen(listener: RequestListener): Promise<{ server: Server; origin: string }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

let app: RequestListener = () => {};
let behind: Awaited<ReturnType<typeof listen>>;
let front: Awaited<ReturnType<typeof listen>>;
let upstreams: Upstream[];
const gone = "http://127.0.0.1:9";

beforeAll(async () => {
  behind = await listen((req, res) => app(req, res));
  upstreams = [
    remoteUpstream("queue", "/queue", [behind.origin], { log, holdMs: 0 }),
    remoteUpstream("gone", "/gone", [gone], { log, holdMs: 0 }),
    remoteUpstream("half", "/half", [gone, behind.origin], { log, holdMs: 0 }),
    remoteUpstream("slow", "/slow", [behind.origin], { log, responseMs: 300 }),
  ];
  front = await listen(route(upstreams, (_req, res) => res.end("own")));
});

afterAll(async () => {
  front.server.closeAllConnections();
  front.server.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  behind.server.closeAllConnections();
  behind.server.close();
});

describe("a remote upstream", () => {
  it("passes head and body on, and back", async () => {
    let seen: IncomingMessage | undefined;
    app = async (req, res) => {
      seen = req;
      const parts: Buffer[] = [];
      for await (const part of req) parts.push(part as Buffer);
      res.writeHead(201, { "X-Answer": "a", "Set-Cookie": ["a=1", "b=2"], Connection: "x-secret", "X-Secret": "1" });
      res.end(Buffer.concat(parts));
    };
    const answer = await fetch(`${front.origin}/queue/push?a=1&a=2`, {
      method: "POST",
      headers: { "X-Request-Id": "mine", "X-Forwarded-For": "6.6.6.6" },
      body: "hello",
    });
    expect(answer.status).toBe(201);
    expect(await answer.text()).toBe("hello");
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(answer.headers.get("x-answer")).toBe("a");
    expect(answer.headers.get("x-secret")).toBeNull();
    expect(seen?.url).toBe("/queue/push?a=1&a=2");
    expect(seen?.headers["x-request-id"]).toBe("mine");
    expect(seen?.headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(seen?.headers["x-forwarded-host"]).toBe(new URL(front.origin).host);
    expect(seen?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it("holds nothing back: the first part of an answer arrives while the rest is still to come", async () => {
    let finish = () => {};
    app = (_req, res) => {
      res.write("first");
      finish = () => res.end("last");
    };
    const answer = await fetch(`${front.origin}/queue/stream`);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("first");
    finish();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("last");
  });

  it("tells the upstream when the client goes away", async () => {
    let arrived = false;
    let closed = false;
    app = (req, res) => {
      arrived = true;
      res.write("x");
      req.once("close", () => {
        closed = true;
      });
    };
    const client = request(`${front.origin}/queue/abandoned`);
    client.on("error", () => {});
    client.end();
    await until(() => arrived);
    client.destroy();
    await until(() => closed);
    expect(closed).toBe(true);
  });

  it("keeps a slow reader from filling the gateway's memory", async () => {
    let written = 0;
    app = (_req, res) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!res.destroyed) {
          written += chunk.length;
          if (!res.write(chunk)) break;
        }
      };
      res.on("drain", more);
      more();
    };
    const client = request(`${front.origin}/queue/endless`);
    client.on("error", () => {});
    client.end();
    const [answer] = (await once(client, "response")) as [IncomingMessage];
    answer.pause();
    let last = -1;
    // The writer stands still once the buffers between the three sockets are full.
    for (let still = 0; still < 200; ) {
      await turn();
      still = written === last ? still + 1 : 0;
      last = written;
    }
    expect(written).toBeLessThan(64 * 1024 * 1024);
    client.destroy();
  });

  it("answers 503 with Retry-After when nobody listens", async () => {
    const answer = await fetch(`${front.origin}/gone/x`, { headers: { "X-Request-Id": "r1" } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ status: 503, instance: "/gone/x", requestId: "r1" });
  });

  it("asks another target when one does not listen", async () => {
    app = (_req, res) => res.end("well");
    for (let i = 0; i < 4; i++) {
      expect(await (await fetch(`${front.origin}/half/x`)).text()).toBe("well");
    }
  });

  it("answers 502 when the upstream hangs up without an answer, and 504 when it takes too long", async () => {
    app = (req) => req.socket.destroy();
    expect((await fetch(`${front.origin}/queue/x`)).status).toBe(502);
    app = () => {};
    expect((await fetch(`${front.origin}/slow/x`)).status).toBe(504);
  });

  it("cuts the client off when the upstream breaks off in the middle", async () => {
    app = (req, res) => {
      res.writeHead(200, { "Content-Length": "100" });
      res.write("half", () => req.socket.destroy());
    };
    const answer = await fetch(`${front.origin}/queue/x`);
    await expect(answer.text()).rejects.toThrow();
  });
});
