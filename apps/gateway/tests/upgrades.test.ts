import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { createLogger, createService, type Logger, listenerOf, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admission } from "../src/limits/admission.ts";
import { certificates } from "./certificate.ts";
import { behind, type Edge, edge } from "./edge.ts";
import { rawUpstream } from "./raw-upstream.ts";

const accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Own: yes\r\n\r\n";
const offer = (path = "/queue/live", more = "", method = "GET", version = "1.1") =>
  `${method} ${path} HTTP/${version}\r\nHost: a\r\nConnection: Upgrade\r\nAccept-Encoding: gzip\r\nUpgrade: websocket\r\n${more}\r\n`;
const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/** A logger whose lines are kept. */
function linesOf(): { log: Logger; lines: string[] } {
  const log = createLogger({ service: "test", level: "silent" });
  const lines: string[] = [];
  log.isLevelEnabled = () => true;
  log.line = (line: string) => void lines.push(line);
  return { log, lines };
}

let target: Awaited<ReturnType<typeof behind>>;
let front: Edge;
let bodies: string[] = [];
const { log, lines } = linesOf();

beforeAll(async () => {
  target = await behind((req, res) => {
    let body = "";
    req.on("data", (part) => {
      body += part;
    });
    req.on("end", () => {
      bodies.push(`${req.headers.upgrade ?? "plain"} ${body}`);
      res.end(`served ${body}`);
    });
  });
  front = await edge([target.origin], { holdMs: 0, log });
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

/** What the app does with handshakes; without this it has no listener for them and serves plain requests. */
async function accepting(how: (socket: Duplex, url: string) => void, then: () => Promise<void>): Promise<void> {
  target.server.on("upgrade", (req, socket) => {
    socket.on("error", () => {});
    how(socket, req.url ?? "");
  });
  await then().finally(() => target.server.removeAllListeners("upgrade"));
}

const echoing = (then: () => Promise<void>) =>
  accepting((socket, url) => {
    socket.write(`${accepted}${url}`);
    socket.pipe(socket);
  }, then);

describe("a WebSocket handshake", () => {
  it("reaches a remote app, and then every byte passes both ways", () =>
    echoing(async () => {
      lines.length = 0;
      const client = front.open();
      client.socket.write(`${offer()}early`);
      await until(() => client.text().endsWith("/queue/liveearly"));
      expect(client.text()).toMatch(/^HTTP\/1\.1 101 .*Upgrade: websocket\r\n.*\r\n\r\n/s);
      expect(client.text()).toContain("X-Own: yes\r\n");
      const large = "0123456789".repeat(400_000);
      client.socket.write(large);
      await until(() => client.text().endsWith(large));
      expect(lines).toEqual([]);
      client.socket.end("late");
      await client.closed;
      expect(client.text().endsWith(`${large}late`)).toBe(true);
      // One line, when it is over, as of every request.
      await until(() => lines.length === 1);
      const line = JSON.parse(`{${lines[0]}}`);
      expect(line).toMatchObject({
        http: { response: { status_code: 101 } },
        labels: { route: "/queue/*" },
        upstream: { name: "queue", target: target.origin, tries: 1 },
      });
      expect(line.http.request.bytes).toBeGreaterThan(large.length);
      expect(line.http.response.bytes).toBeGreaterThan(large.length);
      expect(line.event.outcome).toBeUndefined();
    }));

  it.each([200, 401, 426, 503])("may be answered by a %i, the last response on its connection", async (status) => {
    await using app = await rawUpstream((socket) => {
      socket.write(`HTTP/1.1 ${status} Said\r\nContent-Length: 2\r\nX-Own: yes\r\n\r\nno`);
    });
    await using own = await edge([app.origin], { holdMs: 0 });
    const text = await own.send(`${offer()}GET /queue/secret HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(statusesOf(text)).toEqual([status]);
    expect(text).toMatch(/X-Own: yes\r\n.*Connection: close\r\n\r\nno$/s);
    expect(app.received.join("")).not.toContain("secret");
    // It was a request like any other, so the connection serves the next one.
    expect(app.sockets.size).toBe(1);
  });

  it("is a plain request to an app that takes none, remote or mounted", async () => {
    for (const path of ["/queue/x", "/social/x", "/elsewhere"]) {
      const text = await front.send(offer(path));
      expect(statusesOf(text), path).toEqual([path === "/elsewhere" ? 404 : 200]);
      expect(text).toMatch(/Connection: close\r\n/);
    }
  });

  it("has nothing the gateway adds left out: limits, checks, and the line in the log", async () => {
    let left = 1;
    const rate = { limit: 1, take: async () => ({ left: --left, resetSeconds: 7 }) };
    const own = linesOf();
    using admitting = admission({ maxInFlight: 10, maxWaiting: 10, maxShare: 1, rate });
    await using limited = await edge([target.origin], { log: own.log, admitting });
    await echoing(async () => {
      const first = limited.open();
      first.socket.write(offer());
      await until(() => first.text().includes("101"));
      expect(first.text()).toMatch(/RateLimit: "minute";r=0;t=7\r\n/);
      const second = await limited.send(offer());
      expect(second).toMatch(/^HTTP\/1\.1 429 .*problem\+json.*Retry-After: 7\r\n/s);
      expect(await limited.send(offer("/queue/../x"))).toMatch(/^HTTP\/1\.1 400 /);
      expect(await limited.send(offer("/queue/x", "Host: b\r\n"))).toMatch(/^HTTP\/1\.1 400 /);
      first.socket.destroy();
      await until(() => own.lines.length === 4);
      const statuses = own.lines.map((line) => JSON.parse(`{${line}}`).http.response.status_code);
      expect(statuses).toEqual([429, 400, 400, 101]);
    });
  });

  it("is sent to another target when one refuses the connection, and to none that is ejected", async () => {
    const gone = await behind(() => {});
    await gone[Symbol.asyncDispose]();
    await using several = await edge([gone.origin, target.origin], { holdMs: 0 });
    await echoing(async () => {
      for (let i = 0; i < 4; i++) {
        const client = several.open();
        client.socket.write(offer());
        await until(() => statusesOf(client.text())[0] === 101);
        client.socket.destroy();
      }
    });
    const [first] = several.upstreams[0]?.targets?.() ?? [];
    expect(first?.state).toBe("ejected");
  });

  it("to an app that is away is a 503, and a 504 when it does not answer", async () => {
    await using away = await edge(["http://127.0.0.1:9"], { holdMs: 0 });
    expect(await away.send(offer())).toMatch(/^HTTP\/1\.1 503 .*problem\+json/s);
    await using silent = await rawUpstream(() => {});
    await using slow = await edge([silent.origin], { responseMs: 100 });
    expect(await slow.send(offer())).toMatch(/^HTTP\/1\.1 504 .*problem\+json/s);
  });

  it("is given up when its client goes before the response", async () => {
    await using silent = await rawUpstream(() => {});
    await using stack = new AsyncDisposableStack();
    const tls = stack.use(certificates()).make("gone");
    for (const secure of [false, true]) {
      await using own = await edge([silent.origin], secure ? { tls } : {});
      const { port } = own.listening;
      for (const goes of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.end()]) {
        const to = { port, host: "127.0.0.1", rejectUnauthorized: false };
        const socket = (secure ? connectTls(to) : connect(to)).on("error", () => {});
        socket.write(offer());
        await until(() => silent.sockets.size === 1);
        goes(socket);
        await until(() => silent.sockets.size === 0);
      }
      await until(() => own.upstreams[0]?.targets?.()[0]?.inFlight === 0);
    }
  });

  it("ends both sides when one of them breaks off", () =>
    accepting(
      (socket, url) => {
        socket.write(accepted);
        if (url.endsWith("/reset")) socket.once("data", () => (socket as Socket).resetAndDestroy());
        else if (url.endsWith("/end")) socket.once("data", () => socket.end("bye"));
        else socket.once("end", () => bodies.push("gone")).resume();
      },
      async () => {
        for (const how of ["/reset", "/end"]) {
          const client = front.open();
          client.socket.write(offer(`/queue${how}`));
          await until(() => client.text().includes("101"));
          client.socket.write("x");
          await client.closed;
          expect(client.text().endsWith("bye")).toBe(how === "/end");
        }
        bodies = [];
        const client = front.open();
        client.socket.write(offer());
        await until(() => client.text().includes("101"));
        client.socket.resetAndDestroy();
        await until(() => bodies.includes("gone"));
        expect(front.upstreams[0]?.targets?.()[0]?.inFlight).toBe(0);
      },
    ));

  it("may be silent for longer than a response may", async () => {
    await using app = await rawUpstream((socket, text) => {
      socket.write(text.includes("/queue/live") ? accepted : "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      socket.on("data", (bytes) => {
        if (bytes.includes("still here")) socket.write(bytes);
      });
    });
    await using own = await edge([app.origin], { idleMs: 100, holdMs: 0 });
    const client = own.open();
    client.socket.write(offer());
    await until(() => client.text().includes("101"));
    // A response that began later is given up for its silence.
    expect(await own.send("GET /queue/x HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/half$/);
    client.socket.write("still here");
    await until(() => client.text().endsWith("still here"));
    client.socket.destroy();
  });

  it("holds back the side that sends faster than the other reads", () => {
    const large = Buffer.alloc(64_000_000, "x");
    let sender: Socket | undefined;
    return accepting(
      (socket) => {
        sender = socket as Socket;
        socket.write(accepted);
        socket.write(large);
      },
      async () => {
        const socket = connect(front.listening.port, "127.0.0.1");
        socket.write(offer());
        await once(socket, "data");
        socket.pause();
        let [left, rounds] = [0, 0];
        await until(() => {
          rounds = sender?.writableLength === left ? rounds + 1 : 0;
          left = sender?.writableLength ?? 0;
          return rounds === 100;
        });
        expect(left).toBeGreaterThan(large.length / 2);
        let bytes = 0;
        socket.on("data", (part: Buffer) => {
          bytes += part.length;
        });
        socket.resume();
        await until(() => bytes > large.length - 200_000 && sender?.writableLength === 0);
        socket.destroy();
      },
    );
  });

  it("is let finish while the gateway drains, and then cut", () =>
    echoing(async () => {
      const own = await edge([target.origin], { drainSeconds: 0.5 });
      const client = own.open();
      client.socket.write(offer());
      await until(() => client.text().includes("101"));
      const closed = own.listening.close();
      client.socket.write("still here");
      await until(() => client.text().endsWith("still here"));
      await closed;
      await client.closed;
      await own[Symbol.asyncDispose]();
    }));
});

describe("an Upgrade that must be ignored", () => {
  const next = "GET /queue/next HTTP/1.1\r\nHost: a\r\n\r\n";
  it.each([
    [
      "h2c",
      offer().replace("websocket", "h2c").replace("Upgrade\r\n", "Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n"),
    ],
    ["of a POST", `${offer("/queue/x", "Content-Length: 5\r\n", "POST")}hello`],
    ["with a body in chunks", `${offer("/queue/x", "Transfer-Encoding: chunked\r\n", "POST")}5\r\nhello\r\n0\r\n\r\n`],
    ["of a GET with a body", `${offer("/queue/x", "Content-Length: 5\r\n")}hello`],
    ["over HTTP/1.0", offer("/queue/x", "", "GET", "1.0")],
    ["that Connection does not name", offer().replace("Connection: Upgrade\r\n", "")],
    ["to a mounted app", offer("/social/x")],
  ])("%s: the request is served, and nothing hangs", (_name, bytes) =>
    echoing(async () => {
      for (const follows of ["", next]) {
        bodies = [];
        const client = front.open();
        client.socket.write(bytes + follows, "latin1");
        const keepsOpen = !bytes.includes("Connection: Upgrade");
        if (keepsOpen) {
          await until(() => statusesOf(client.text()).length === (follows === "" ? 1 : 2));
          client.socket.destroy();
        } else {
          await client.closed;
          expect(client.text()).toMatch(/Connection: close\r\n/);
        }
        expect(new Set(statusesOf(client.text()))).toEqual(new Set([200]));
        for (const body of bodies) expect(body).toMatch(/^plain (?:hello)?$/);
        expect(client.text()).toContain(bytes.includes("hello") ? "hello" : "\r\n\r\n");
      }
    }),
  );

  it("behind a request that has no response yet: both are served, in their order", () =>
    echoing(async () => {
      const first = "GET /queue/first HTTP/1.1\r\nHost: a\r\n\r\n";
      for (const before of [first, first + first, "GET /social/x HTTP/1.1\r\nHost: a\r\n\r\n"]) {
        const text = await front.send(before + offer() + next);
        expect(statusesOf(text)).toEqual(Array.from({ length: before.split("HTTP/1.1").length }, () => 200));
        expect(text).toMatch(/Connection: close\r\n/);
      }
    }));

  it("to an app by itself: the request is served", async () => {
    const service = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: [], checks: {} });
    service.post("/x", async (c) => c.text(await c.req.text()));
    await using stack = new AsyncDisposableStack();
    const made = stack.use(certificates());
    const at = { host: "127.0.0.1", port: 0, log, drainSeconds: 0 };
    for (const tls of [undefined, made.make("alone")]) {
      const alone = stack.adopt(await serve(listenerOf(service), { ...at, tls }), (one) => one.close());
      for (const bytes of [offer("/t/health"), `${offer("/t/x", "Content-Length: 5\r\n", "POST")}hello`]) {
        const to = { port: alone.port, host: "127.0.0.1", rejectUnauthorized: false };
        const socket = tls ? connectTls(to) : connect(to);
        let text = "";
        socket.on("data", (part) => {
          text += part;
        });
        socket.write(bytes + next);
        await once(socket, "close");
        expect(statusesOf(text)).toEqual([200]);
        expect(text).toMatch(/Connection: close\r\n/);
      }
    }
  });
});
