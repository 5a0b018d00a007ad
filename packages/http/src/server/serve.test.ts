import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createLogger } from "../observability/logger.ts";
import { bodyValidator } from "../service/body.ts";
import { createService } from "../service/service.ts";
import { listenerOf, serve } from "./serve.ts";

const options = { port: 0, host: "127.0.0.1", log: createLogger({ service: "t", level: "silent" }), drainSeconds: 5 };

describe("serve", () => {
  it("finishes a request in flight, and accepts no new one", async () => {
    let answer = () => {};
    const arrived = Promise.withResolvers<void>();
    const listening = await serve((_request, response) => {
      answer = () => response.end("done");
      arrived.resolve();
    }, options);
    const url = `http://127.0.0.1:${listening.port}/`;
    const first = fetch(url);
    await arrived.promise;
    const closed = listening.close();
    await expect(fetch(url)).rejects.toThrow();
    answer();
    expect(await (await first).text()).toBe("done");
    await closed;
  });

  it("cuts what takes longer than the drain time", async () => {
    const arrived = Promise.withResolvers<void>();
    const listening = await serve(() => arrived.resolve(), { ...options, drainSeconds: 0 });
    const stuck = fetch(`http://127.0.0.1:${listening.port}/`).catch(() => "cut");
    await arrived.promise;
    await listening.close();
    expect(await stuck).toBe("cut");
  });

  it("names the port that is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serve(() => {}, { ...options, port })).rejects.toThrow(`PORT: 127.0.0.1:${port} is taken`);
    other.close();
    const socket = () => Promise.reject(Object.assign(new Error("taken"), { code: "EADDRINUSE" }));
    await expect(serve(() => {}, { ...options, port: 8080, socket })).rejects.toThrow("PORT: 127.0.0.1:8080 is taken");
  });

  it("names the port that another program took after it was bound here", async () => {
    type Handle = { getsockname(into: { port?: number }): number };
    const { _createServerHandle: bind } = net as unknown as { _createServerHandle(...address: unknown[]): Handle };
    const bound: { port?: number } = {};
    const handle = bind("127.0.0.1", 0, 4, -1, 0);
    handle.getsockname(bound);
    const other = createServer().listen(bound.port, "127.0.0.1");
    await once(other, "listening");
    const served = serve(() => {}, { ...options, port: bound.port ?? 0, socket: async () => handle });
    await expect(served).rejects.toThrow(`PORT: 127.0.0.1:${bound.port} is taken by another program`);
    other.close();
  });

  it("reads the rest of a refused body, so that the connection serves the next request", async () => {
    const { log } = options;
    const app = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: ["*"], checks: {} });
    app.post("/x", bodyValidator, (c) => c.text("taken"));
    const listening = await serve(listenerOf(app), options);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = Buffer.alloc(8 * 1024 * 1024);
    const headers = { "Content-Length": body.length };
    const refused = request({ port: listening.port, method: "POST", path: "/t/x", agent, headers });
    const sent = once(refused, "finish");
    refused.end(body);
    const [answer] = (await once(refused, "response")) as [IncomingMessage];
    answer.resume();
    await Promise.all([once(answer, "end"), sent]);
    expect(answer.statusCode).toBe(413);
    const next = request({ port: listening.port, path: "/t/health", agent });
    next.end();
    const [well] = (await once(next, "response")) as [IncomingMessage];
    expect([well.statusCode, next.reusedSocket]).toEqual([200, true]);
    agent.destroy();
    await listening.close();
  });
});
