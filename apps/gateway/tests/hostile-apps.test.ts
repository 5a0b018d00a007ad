import { setTimeout as pause } from "node:timers/promises";
import { until } from "@quintet/http/testing";
import { describe, expect, it } from "vitest";
import { edge } from "./edge.ts";
import { rawUpstream } from "./raw-upstream.ts";

const ok = "HTTP/1.1 200 OK\r\n";
const whole = `${ok}Content-Length: 2\r\n\r\nok`;
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const limits = { responseMs: 400, idleMs: 400, holdMs: 0 };
const get = "GET /queue/x HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n";

/** What a client gets of an app that sends this to every request, and then hangs up or falls silent. */
async function answerTo(bytes: string, then: "hang up" | "stay", request = get): Promise<string> {
  await using app = await rawUpstream((socket) => {
    socket.write(bytes, "latin1");
    if (then === "hang up") socket.end();
  });
  await using front = await edge([app.origin], limits);
  const answer = await front.send(request);
  await until(() => app.sockets.size === 0 || then === "stay");
  return answer;
}

/** The answer is a whole problem of this status that tells the request's id and nothing of the app's. */
function expectProblem(answer: string, status: number): void {
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head).toMatch(/^X-Request-Id: mine\r?$/m);
  expect(head).toMatch(/^Content-Type: application\/problem\+json\r?$/m);
  expect(head).not.toMatch(/evil/i);
  expect(JSON.parse(body)).toMatchObject({ status, requestId: "mine", instance: "/queue/x" });
}

describe("an app whose head is not HTTP", () => {
  it.each([
    ["nothing", ""],
    ["noise", "\x16\x03\x01\x00\x05hello"],
    ["half a head", `${ok}Content-Length: 2\r\n`],
    ["another version", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["a small http", "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["a status of two digits", "HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["a status beyond 599", "HTTP/1.1 600 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["a status line that is folded", "HTTP/1.1\r\n 200 OK\r\n\r\n"],
    ["a reason with a NUL", "HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok"],
    ["a header with a NUL", `${ok}X: a\0b\r\nContent-Length: 2\r\n\r\nok`],
    ["a carriage return in a value", `${ok}X: a\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok`],
    ["a line feed in a value", `${ok}X: a\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok`],
    ["line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
    ["a folded header", `${ok}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`],
    ["a space before the colon", `${ok}Content-Length : 2\r\n\r\nok`],
    ["a header without a name", `${ok}: 2\r\nContent-Length: 2\r\n\r\nok`],
    ["a header without a colon", `${ok}Content-Length\r\n\r\nok`],
    ["a name with a space", `${ok}X Y: 1\r\nContent-Length: 2\r\n\r\nok`],
    ["a header of 100 KB", `${ok}X: ${"a".repeat(100_000)}\r\n\r\n`],
    ["30,000 headers", `${ok}${"a: b\r\n".repeat(30_000)}\r\n`],
    ["a switch of protocols that nobody asked for", "HTTP/1.1 101 Evil\r\nUpgrade: evil\r\n\r\n"],
    ["interim answers without end", "HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\n".repeat(5000)],
    ["interim answers and no other", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["a negative length", `${ok}Content-Length: -2\r\n\r\nok`],
    ["a signed length", `${ok}Content-Length: +2\r\n\r\nok`],
    ["a huge length", `${ok}Content-Length: 99999999999999999999\r\n\r\nok`],
    ["a length in hexadecimal", `${ok}Content-Length: 0x2\r\n\r\nok`],
    ["a length that is a list", `${ok}Content-Length: 2, 2\r\n\r\nok`],
    ["an empty length", `${ok}Content-Length:\r\n\r\nok`],
    ["two lengths", `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`],
    ["a length and chunks", `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["another coding", `${ok}Transfer-Encoding: gzip\r\n\r\nok`],
    ["two codings", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["chunked twice", `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ])("%s: a 502", async (_name, bytes) => {
    const answer = await answerTo(bytes, "hang up", get.replace("GET", "POST"));
    expectProblem(answer.replace(/^(?:HTTP\/1\.1 10[03] [^\r]*\r\n(?:Link: [^\r]*\r\n)?\r\n)+/, ""), 502);
  });
});

describe("an app whose body is not what it promised", () => {
  it.each([
    ["less than its length", `${ok}Content-Length: 10\r\n\r\nhello`],
    ["a chunk that is cut off", `${chunked}a\r\nhello`],
    ["no last chunk", `${chunked}5\r\nhello\r\n`],
    ["a chunk longer than its size", `${chunked}5\r\nhello evil\r\n0\r\n\r\n`],
    ["a chunk size that is none", `${chunked}5\r\nhello\r\nevil\r\n`],
    ["a negative chunk size", `${chunked}5\r\nhello\r\n-5\r\n`],
    ["a huge chunk size", `${chunked}5\r\nhello\r\nfffffffffffffffff\r\n`],
    ["a size of 100 KB", `${chunked}5\r\nhello\r\n${"0".repeat(100_000)}\r\n`],
    ["trailers that are none", `${chunked}5\r\nhello\r\n0\r\nevil\r\n\r\n`],
    ["trailers with control characters", `${chunked}5\r\nhello\r\n0\r\nX: \0evil\r\n\r\n`],
    ["trailers without end", `${chunked}5\r\nhello\r\n0\r\n${"evil: 1\r\n".repeat(10_000)}\r\n`],
  ])("%s: the client sees that it is cut", async (_name, bytes) => {
    for (const then of ["hang up", "stay"] as const) {
      const answer = await answerTo(bytes, then);
      // In chunks, the last one is missing; with a length, some of it.
      if (answer.startsWith(ok.trimEnd())) {
        expect(answer).not.toMatch(/\r\n0\r\n|evil/);
        expect(answer.endsWith("Content-Length: 5\r\n\r\nhello")).toBe(false);
      } else {
        expectProblem(answer, 502);
      }
    }
  });

  it.each([
    ["more than its length", `${ok}Content-Length: 2\r\n\r\nok, evil`],
    ["two answers", `${whole}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ["a body behind 204", "HTTP/1.1 204 No Content\r\n\r\nevil"],
    ["a length behind 204", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil"],
    ["chunks behind 304", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"],
  ])("%s: the rest goes to nobody", async (_name, bytes) => {
    await using app = await rawUpstream((socket, text) => {
      socket.write(text.includes("/queue/next") ? `${ok}Content-Length: 4\r\n\r\nnext` : bytes, "latin1");
    });
    await using front = await edge([app.origin], limits);
    const client = front.open();
    client.socket.write(get.replace("Connection: close\r\n", ""));
    await until(() => /ok$|\r\n\r\n$/.test(client.text()));
    client.socket.write(get.replace("/queue/x", "/queue/next"));
    await client.closed;
    expect(client.text()).toMatch(/next$/);
    expect(client.text()).not.toContain("evil");
    expect(app.received).toHaveLength(2);
  });

  it("a body for a HEAD goes to nobody", async () => {
    const answer = await answerTo(`${ok}Content-Length: 4\r\n\r\nevil`, "stay", get.replace("GET", "HEAD"));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain("evil");
  });
});

describe("an app that takes its time", () => {
  it("for ever, before its answer: a 504", async () => {
    expectProblem(await answerTo("", "stay"), 504);
  });

  it("for ever, in its body: the client is told by the end of the connection", async () => {
    expect(await answerTo(`${ok}Content-Length: 10\r\n\r\nhello`, "stay")).toMatch(/\r\n\r\nhello$/);
  });

  it.each([
    [
      "with a length",
      `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=x\r\n\r\n${ok}X: y\r\nContent-Length: 5\r\n\r\nhello`,
    ],
    ["in chunks", `${chunked}3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX: y\r\n\r\n`],
    ["until it hangs up", `${ok}X: y\r\n\r\nhello`],
  ])("byte by byte, %s: it is served", async (_name, bytes) => {
    await using app = await rawUpstream(async (socket) => {
      for (const byte of bytes) {
        socket.write(byte, "latin1");
        await pause(1);
      }
      if (!/Length|chunked/.test(bytes)) socket.end();
    });
    await using front = await edge([app.origin], { ...limits, responseMs: 5000 });
    const answer = await fetch(`${front.origin}/queue/x`);
    expect([answer.status, await answer.text()]).toEqual([200, "hello"]);
  });

  it("a head that trickles in for ever: a 504", async () => {
    await using app = await rawUpstream(async (socket) => {
      socket.write(`${ok}X: `);
      while (socket.writable) {
        socket.write("a");
        await pause(20);
      }
    });
    await using front = await edge([app.origin], limits);
    expectProblem(await front.send(get), 504);
    await until(() => app.sockets.size === 0);
  });

  it("and takes no body: a 504", async () => {
    await using app = await rawUpstream((socket) => socket.pause());
    await using front = await edge([app.origin], limits);
    const client = front.open();
    const size = 50_000_000;
    client.socket.write(`POST /queue/x HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nContent-Length: ${size}\r\n\r\n`);
    client.socket.write(Buffer.alloc(size));
    await until(() => client.text().includes("}"));
    expectProblem(client.text(), 504);
    client.socket.destroy();
  });
});
