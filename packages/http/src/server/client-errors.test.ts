import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createLogger } from "../observability/logger.ts";
import { serve } from "./serve.ts";

const options = { port: 0, host: "127.0.0.1", log: createLogger({ service: "t", level: "silent" }), drainSeconds: 0 };
const good = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** Sends texts, each after an answer to the one before, to a server that answers `ok`; returns all that comes back. */
async function exchange(first: string, ...more: string[]): Promise<string> {
  const listening = await serve((_request, response) => response.end("ok"), options);
  const socket = connect(listening.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(first);
  let answer = "";
  for (const next of more) {
    const [part] = (await once(socket, "data")) as [Buffer];
    answer += part;
    socket.write(next);
  }
  answer += await text(socket);
  await listening.close();
  return answer;
}

describe("what is no HTTP request", () => {
  it.each([
    [400, "Bad Request", "NONSENSE\r\n\r\n"],
    [
      400,
      "Bad Request",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [431, "Request Header Fields Too Large", `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${"x".repeat(40_000)}\r\n\r\n`],
  ])("gets %i as a problem", async (status, title, bytes) => {
    const [head = "", body = ""] = (await exchange(bytes)).split("\r\n\r\n");
    expect(head).toContain(`HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n`);
    const problem = JSON.parse(body);
    expect(problem).toMatchObject({ status, title, instance: "/" });
    expect(head).toContain(`X-Request-Id: ${problem.requestId}`);
  });

  it("gets it on a connection that has served requests", async () => {
    const [first, second] = (await exchange(good, "NONSENSE\r\n\r\n")).split("ok");
    expect(first).toContain("HTTP/1.1 200 OK");
    expect(second).toContain("HTTP/1.1 400 Bad Request");
  });

  it("never stands in the body of another answer", async () => {
    const answer = await exchange(`${good}NONSENSE\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\n\r\nok$/);
  });
});
