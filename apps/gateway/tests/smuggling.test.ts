import { until } from "@quintet/http/testing";
import { describe, expect, it } from "vitest";
import { type Edge, edge } from "./edge.ts";
import { mutated, seeded } from "./harness/random.ts";
import { readMessages } from "./harness/strict-http.ts";
import { rawUpstream } from "./raw-upstream.ts";

const full = process.env.QUINTET_FAULTS === "full";
const smuggled = "GET /queue/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const post = (headers: string, body: string) => `POST /queue/x HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;
const chunkedBody = `5\r\nhello\r\n0\r\n\r\n${smuggled}`;

/** Requests with another one in a place where some reader may see it. */
const requests = [
  post(`Content-Length: ${smuggled.length}`, smuggled),
  post("Content-Length: 5", `hello${smuggled}`),
  post("Transfer-Encoding: chunked", chunkedBody),
  post(`Content-Length: ${chunkedBody.length}\r\nTransfer-Encoding: chunked`, chunkedBody),
  post("Transfer-Encoding: chunked\r\nContent-Length: 5", chunkedBody),
  post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", chunkedBody),
  post("Transfer-Encoding:\x0bchunked", chunkedBody),
  post("Transfer-Encoding : chunked", chunkedBody),
  post("X: y\r\n Transfer-Encoding: chunked", chunkedBody),
  post("Content-Length: 5\r\nContent-Length: 0", `hello${smuggled}`),
  post("Content-Length: 0\r\nX: y\nTransfer-Encoding: chunked", chunkedBody),
  post("Connection: Content-Length\r\nContent-Length: 5", `hello${smuggled}`),
  post("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", chunkedBody),
  post("Connection: Host, X-Request-Id\r\nContent-Length: 5", `hello${smuggled}`),
  post("Transfer-Encoding: chunked", `5;x="\r\n"\r\nhello\r\n0\r\n\r\n${smuggled}`),
  post("Transfer-Encoding: chunked\r\nTrailer: Content-Length", `0\r\nContent-Length: 5\r\nX: y\r\n\r\n${smuggled}`),
  post("Content-Length: 5\r\nExpect: 100-continue", `hello${smuggled}`),
  `GET /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  `GET /queue/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${smuggled}`,
  `GET /queue/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n${smuggled}`,
  `GET /queue/x?${encodeURIComponent(smuggled)} HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`,
  `HEAD /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
  `OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`,
];

describe("what reaches an app", () => {
  it("is what the gateway understood, byte by byte, however it was said", async () => {
    // The app answers each request that a strict reader sees, once its last byte is there.
    const answered: number[] = [];
    await using app = await rawUpstream((socket, _text, connection) => {
      const { messages } = readMessages(app.received[connection] as string);
      for (let i = answered[connection] ?? 0; i < messages.length; i++) {
        answered[connection] = i + 1;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }
    });
    await using front = await edge([app.origin], { holdMs: 0, responseMs: 3000 });
    let understood: string[] = [];
    let open = 0;
    front.listening.server.on("connection", (socket) => {
      open++;
      socket.once("close", () => open--);
    });
    for (const event of ["request", "upgrade"]) {
      front.listening.server.prependListener(event, ({ method, url }) => understood.push(`${method} ${url}`));
    }
    const random = seeded(19990831);
    const inputs = [...requests];
    for (let i = full ? 60_000 : 600; i > 0; i--) {
      let text = random.pick(requests);
      for (let changes = 1 + random.below(3); changes > 0; changes--) text = mutated(text, random);
      inputs.push(text);
    }
    let passed = 0;
    for (const input of inputs) {
      const seed = `seed ${random.seed}: ${JSON.stringify(input)}`;
      await app.settled();
      understood = [];
      answered.length = 0;
      app.received.length = 0;
      const client = front.open();
      client.socket.end(input, "latin1");
      await client.closed;
      // The gateway may still be passing on what it had begun with.
      await until(() => open === 0);
      const seen: string[] = [];
      for (const text of app.received) {
        // A handshake owns its connection; nothing but its head is a request there.
        if (/^Upgrade: websocket\r$/m.test(text)) {
          seen.push(text.slice(0, text.indexOf(" HTTP/1.1")));
          continue;
        }
        const { messages, fault } = readMessages(text);
        expect(fault, seed).toBeUndefined();
        seen.push(...messages.map(({ line }) => line.replace(/ HTTP\/1\.1$/, "")));
      }
      passed += seen.length;
      // A request that was cut off reaches nobody whole, so there may be fewer, but none that the gateway did not see.
      for (const one of seen) expect(understood, seed).toContain(one);
      expect(seen.length, seed).toBeLessThanOrEqual(understood.length);
    }
    expect(passed).toBeGreaterThan(inputs.length / 10);
  }, 3_600_000);
});

describe("what reaches a client", () => {
  const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const answers = [
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${evil}`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${evil}`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n${evil}`,
    `HTTP/1.1 204 No Content\r\n\r\n${evil}`,
    `HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n${evil}`,
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${evil}`,
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n${evil}`,
    `HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok${evil}`,
    `HTTP/1.0 200 OK\r\n\r\nok`,
  ];

  it("is one answer to each request, whatever the app sends", async () => {
    let bytes = "";
    await using app = await rawUpstream((socket) => void socket.end(bytes, "latin1"));
    const random = seeded(19970808);
    const inputs = [...answers];
    for (let i = full ? 60_000 : 600; i > 0; i--) {
      let text = random.pick(answers);
      for (let changes = 1 + random.below(3); changes > 0; changes--) text = mutated(text, random);
      inputs.push(text);
    }
    let front: Edge | undefined;
    const statuses = new Map<string, number>();
    for (const [i, input] of inputs.entries()) {
      bytes = input;
      // A gateway leaves out an app that failed five times in a row, so a new one comes before that.
      if (i % 4 === 0) {
        await front?.[Symbol.asyncDispose]();
        front = await edge([app.origin], { holdMs: 0, responseMs: 500, idleMs: 500 });
      }
      const seed = `seed ${random.seed}: ${JSON.stringify(input)}`;
      // POST, so that nothing is sent again. The second request is for the gateway itself.
      const client = (front as Edge).open();
      client.socket.write(
        "POST /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /own HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      );
      await client.closed;
      const { messages, fault } = readMessages(client.text(), (line) => /^HTTP\/1\.1 (?:204|304)/.test(line));
      expect(fault, seed).toBeUndefined();
      expect(messages.length, seed).toBeLessThanOrEqual(2);
      const [first, second] = messages;
      if (second) expect([second.line, second.body], seed).toEqual(["HTTP/1.1 404 Not Found", "own"]);
      const status = first?.line.slice(9, 12) ?? "cut";
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    await front?.[Symbol.asyncDispose]();
    expect(statuses.get("200")).toBeGreaterThan(inputs.length / 20);
    expect(statuses.get("502")).toBeGreaterThan(inputs.length / 20);
  }, 3_600_000);
});
