import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:http2";
import type { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { behind, edge } from "./edge.ts";

const bytes = 8 * 1024 * 1024;
/** An answer that no other has, nor any part of it: words of its number and their place. */
const answers = Array.from({ length: 6 }, (_, number) => {
  const words = new Uint32Array(bytes / 4);
  for (let i = 0; i < words.length; i++) words[i] = i * 8 + number;
  return Buffer.from(words.buffer);
});
const numbers = [...answers.keys()];

const app = () =>
  behind((req, res) => {
    const body = answers[Number(/\d/.exec(req.url ?? "")?.[0])] as Buffer;
    if (!req.url?.includes("chunked")) res.setHeader("Content-Length", bytes);
    for (let at = 0; at < bytes; at += 100_000) res.write(body.subarray(at, at + 100_000));
    res.end();
  });

/** Whether a body is an answer, byte by byte; the client lets the event loop turn so often before it takes more. */
async function isWhole(body: Readable, expected: Buffer | undefined, turns: number): Promise<boolean> {
  let at = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    if (!expected?.subarray(at, at + part.length).equals(part)) return false;
    at += part.length;
    for (let i = 0; i < turns; i++) await turn();
  }
  return at === bytes;
}

describe("large answers that pass at the same time", () => {
  it.each(["sized", "chunked"])("are not mixed, while some clients are slow and others go away: %s", async (kind) => {
    await using target = await app();
    await using front = await edge([target.origin]);
    const agent = new Agent({ keepAlive: true });
    const get = async (number: number) => {
      const sent = request(`${front.origin}/queue/${kind}/${number}`, { agent }).end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      return answer;
    };
    for (let round = 0; round < 3; round++) {
      const gone = get(round).then((answer) => answer.once("data", () => answer.destroy()).on("error", () => {}));
      const whole = numbers.map(async (number) => isWhole(await get(number), answers[number], number % 3));
      expect(await Promise.all(whole)).toEqual(numbers.map(() => true));
      await gone;
    }
    agent.destroy();
  });

  it("are not mixed over HTTP/2", async () => {
    using made = certificates();
    const files = made.make("first");
    await using target = await app();
    await using front = await edge([target.origin], { tls: files });
    const session = connect(`https://localhost:${front.listening.port}`, { ca: files.pem });
    for (let round = 0; round < 2; round++) {
      session.request({ ":path": `/queue/sized/${round}` }).once("data", function (this: { close(): void }) {
        this.close();
      });
      const whole = numbers.map((number) =>
        isWhole(session.request({ ":path": `/queue/sized/${number}` }), answers[number], number % 3),
      );
      expect(await Promise.all(whole)).toEqual(numbers.map(() => true));
    }
    session.destroy();
  });

  it.each(["GET", "POST"])("come whole to whoever reads late over HTTP/2, to a %s without a body", async (method) => {
    using made = certificates();
    const files = made.make("first");
    const mounted = { fetch: async () => new Response(answers[0] as Buffer<ArrayBuffer>) };
    await using front = await edge([], { tls: files, mounted });
    const session = connect(`https://localhost:${front.listening.port}`, { ca: files.pem });
    const late = session.request({ ":method": method, ":path": "/social/x" }, { endStream: true });
    await once(late, "response");
    // The gateway has had time for many others meanwhile.
    for (let i = 0; i < 50; i++) {
      const other = session.request({ ":path": "/own" }).resume();
      await once(other, "close");
    }
    expect(await isWhole(late, answers[0], 0)).toBe(true);
    session.destroy();
  });
});
