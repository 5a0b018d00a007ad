import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { createService, listenerOf, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, describe, expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { behind, edge, log } from "./edge.ts";
import { rawUpstream } from "./raw-upstream.ts";

const made = certificates();
afterAll(() => made[Symbol.dispose]());

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
const whole = `${chunked}0\r\n\r\n`;

/** What a client of this version gets, and whether its connection was reset. */
async function ask(port: number, path: string, version: string): Promise<{ text: string; reset: boolean }> {
  const socket = connect(port, "127.0.0.1");
  let [text, reset] = ["", false];
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    reset = error.code === "ECONNRESET";
  });
  socket.write(`GET ${path} HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once("close", resolve));
  return { text, reset };
}

/** A stream that brings some bytes and then fails, when `fail` resolves. */
const failing = (fail: Promise<void>) => () => {
  let first = true;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        if (first) controller.enqueue(new TextEncoder().encode("hello"));
        else await fail.then(() => controller.error(new Error("a secret")));
        first = false;
      },
    }),
  );
};

describe("a response that is cut", () => {
  it.each(["a remote app", "a mounted app", "an app by itself"])("by %s looks cut to every client", async (whose) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const fetch = failing(promise);
    await using app = await rawUpstream((socket) => {
      socket.write(chunked);
      void promise.then(() => socket.end());
    });
    const tls = made.make(whose.replaceAll(" ", "-"));
    const service = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: [], checks: {} });
    service.get("/x", fetch);
    const at = { port: 0, host: "127.0.0.1", log, drainSeconds: 0 };
    const alone = await serve(listenerOf(service), at);
    const aloneTls = await serve(listenerOf(service), { ...at, tls });
    await using front = await edge([app.origin], { mounted: { fetch } });
    await using secure = await edge([app.origin], { mounted: { fetch }, tls });
    const isAlone = whose === "an app by itself";
    const path = isAlone ? "/t/x" : whose === "a remote app" ? "/queue/x" : "/social/x";
    const port = isAlone ? alone.port : front.listening.port;
    const old = ask(port, path, "1.0");
    const current = ask(port, path, "1.1");
    const session = connectHttp2(`https://127.0.0.1:${isAlone ? aloneTls.port : secure.listening.port}`, {
      rejectUnauthorized: false,
    });
    const stream = session.request({ ":path": path });
    const failed = once(stream, "error");
    const [part] = await once(stream, "data");
    expect(String(part)).toBe("hello");
    resolve();
    await failed.catch(([error]) => error);
    await until(() => stream.closed);
    expect(stream.rstCode).toBe(2);
    session.destroy();
    expect((await old).reset).toBe(true);
    expect((await current).text).not.toMatch(/\r\n0\r\n|secret/);
    expect((await old).text).not.toContain("secret");
    await alone.close();
    await aloneTls.close();
  });

  it("because the gateway's time to drain is over looks cut, and a whole one does not", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using app = await behind((req, res) => {
      res.write("hello");
      if (req.url?.endsWith("/whole")) res.end();
      else resolve();
    });
    const front = await edge([app.origin], { drainSeconds: 0.05 });
    const { port } = front.listening;
    expect(await ask(port, "/queue/whole", "1.0")).toEqual({ text: expect.stringMatching(/hello$/), reset: false });
    const cut = ask(port, "/queue/x", "1.0");
    await promise;
    await front.listening.close();
    expect((await cut).reset).toBe(true);
    await front[Symbol.asyncDispose]();
  });

  it.each([
    ["in chunks", whole],
    ["until it hangs up", "HTTP/1.1 200 OK\r\n\r\nhello"],
  ])("is none that is whole %s", async (_name, bytes) => {
    await using app = await rawUpstream((socket) => socket.end(bytes));
    await using front = await edge([app.origin]);
    expect(await ask(front.listening.port, "/queue/x", "1.0")).toEqual({
      text: expect.stringMatching(/\r\n\r\nhello$/),
      reset: false,
    });
  });
});
