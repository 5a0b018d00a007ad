import { once } from "node:events";
import { Agent, request } from "node:http";
import { type Listening, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { freePort } from "@quintet/stores/testing";
import { describe, expect, it } from "vitest";
import { behind, edge, log } from "./edge.ts";

/** A process of an app, in this process: it drains as the real ones do. */
function replica(name: string, port = 0): Promise<Listening> {
  return serve(
    (req, res) => {
      req.resume().on("end", () => setTimeout(() => res.end(name), 5));
    },
    { port, host: "127.0.0.1", log, drainSeconds: 5 },
  );
}

const originOf = ({ port }: { port: number }) => `http://127.0.0.1:${port}`;

describe("several targets", () => {
  it("share the requests by what is under way", async () => {
    let stuck = 0;
    await using slow = await behind((req, res) => {
      if (req.url === "/queue/health") res.end();
      else stuck++;
    });
    await using quick = await behind((_req, res) => void res.end("quick"));
    await using front = await edge([slow.origin, quick.origin]);
    let answered = 0;
    const ask = () =>
      fetch(`${front.origin}/queue/x`, { method: "POST" }).then(
        () => answered++,
        () => answered++,
      );
    const waiting: Promise<number>[] = [];
    for (let sent = 1; stuck === 0; sent++) {
      waiting.push(ask());
      await until(() => stuck + answered === sent);
    }
    for (let i = 0; i < 20; i++) expect(await (await fetch(`${front.origin}/queue/x`)).text()).toBe("quick");
    expect(stuck).toBe(1);
    slow.server.closeAllConnections();
    await Promise.all(waiting);
  });

  it("are restarted one after the other under load without a failed request", { timeout: 60_000 }, async () => {
    const replicas = [await replica("a"), await replica("b")];
    await using front = await edge(replicas.map(originOf));
    const agent = new Agent({ keepAlive: true });
    let over = false;
    let sent = 0;
    const failures: string[] = [];
    const one = (method: string) =>
      new Promise<void>((resolve) => {
        const req = request(`${front.origin}/queue/x`, { method, agent }, (res) => {
          sent++;
          if (res.statusCode !== 200) failures.push(`${method} ${res.statusCode}`);
          res.resume().on("close", resolve);
        });
        req.on("error", (error) => {
          failures.push(`${method} ${error.message}`);
          resolve();
        });
        req.end(method === "POST" ? "body" : undefined);
      });
    const clients = Array.from({ length: 16 }, async (_, i) => {
      while (!over) await one(i % 2 === 0 ? "GET" : "POST");
    });
    for (let round = 0; round < 4; round++) {
      const old = replicas[round % 2] as Listening;
      const before = sent;
      await until(() => sent > before + 100);
      await old.close();
      replicas[round % 2] = await replica("new", old.port);
      const after = sent;
      await until(() => sent > after + 100);
    }
    over = true;
    await Promise.all(clients);
    agent.destroy();
    expect(failures).toEqual([]);
    for (const { close } of replicas) await close();
  });

  it("that hang up are not asked for a while; what they dropped is asked of another, if it may be", async () => {
    let dropped = 0;
    await using bad = await behind((req) => {
      if (req.url?.endsWith("/health") === false) dropped++;
      req.socket.destroy();
    });
    await using good = await behind((req, res) => void req.pipe(res));
    await using front = await edge([bad.origin, good.origin]);
    const post = (headers: Record<string, string>) =>
      fetch(`${front.origin}/queue/x`, { method: "POST", body: "hello", headers });
    for (let i = 0; i < 20; i++) {
      const answer = await post({ "Idempotency-Key": `k${i}` });
      expect([answer.status, await answer.text()]).toEqual([200, "hello"]);
    }
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThan(12);
  });

  it("a POST that may have been taken is not sent again", async () => {
    let came = 0;
    await using bad = await behind((req) => {
      came++;
      req.socket.destroy();
    });
    await using front = await edge([bad.origin]);
    expect((await fetch(`${front.origin}/queue/x`, { method: "POST", body: "a" })).status).toBe(502);
    expect(came).toBe(1);
  });
});

describe("an app that is away", () => {
  it("is waited for, for a moment", async () => {
    const port = await freePort();
    await using front = await edge([`http://127.0.0.1:${port}`], { holdMs: 8000 });
    const answer = fetch(`${front.origin}/queue/x`, { method: "POST", body: "held" });
    await once(front.listening.server, "request");
    const late = await replica("late", port);
    expect(await (await answer).text()).toBe("late");
    await late.close();
  });

  it("is a 503 at once after that, with Retry-After", async () => {
    const port = await freePort();
    await using front = await edge([`http://127.0.0.1:${port}`], { holdMs: 100 });
    expect((await fetch(`${front.origin}/queue/x`)).status).toBe(503);
    const from = performance.now();
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${front.origin}/queue/x`)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
    expect(answers[0]?.headers.get("retry-after")).toBe("2");
    expect(performance.now() - from).toBeLessThan(2000);
  });

  it("leaves nothing behind for clients that went away while they waited", async () => {
    const port = await freePort();
    await using front = await edge([`http://127.0.0.1:${port}`], { holdMs: 8000 });
    const clients = Array.from({ length: 20 }, () => front.open());
    let came = 0;
    let closed = 0;
    front.listening.server.on("request", (_req, res) => {
      came++;
      res.once("close", () => closed++);
    });
    for (const { socket } of clients) socket.write("GET /queue/x HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => came === 20);
    for (const { socket } of clients) socket.destroy();
    await until(() => closed === 20);
    const asked: string[] = [];
    const late = await serve((req, res) => void res.end(asked.push(req.url ?? "") && "late"), {
      port,
      host: "127.0.0.1",
      log,
      drainSeconds: 1,
    });
    expect(await (await fetch(`${front.origin}/queue/last`)).text()).toBe("late");
    expect(asked.filter((url) => url !== "/queue/health")).toEqual(["/queue/last"]);
    await late.close();
  });
});
