import type { Socket } from "node:net";
import { until } from "@quintet/http/testing";
import { describe, expect, it } from "vitest";
import { behind, edge } from "./edge.ts";
import { rawUpstream } from "./raw-upstream.ts";

const answer = (text: string, more = "") => `HTTP/1.1 200 OK\r\n${more}Content-Length: ${text.length}\r\n\r\n${text}`;

describe("an app that fails", () => {
  it("is not finished off by retries: beyond the budget each request is sent once", async () => {
    let came = 0;
    // It never fails often enough in a row to be left out.
    await using bad = await behind((req, res) => {
      if (++came % 4 === 0) res.writeHead(200, { Connection: "close" }).end();
      else req.socket.destroy();
    });
    await using front = await edge([bad.origin], { holdMs: 0 });
    const sent = 300;
    const statuses: number[] = [];
    for (let i = 0; i < sent; i++) statuses.push((await fetch(`${front.origin}/queue/x`)).status);
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    expect(came).toBeGreaterThan(sent + 20);
    expect(came).toBeLessThanOrEqual(sent + 20 + sent / 10);
  });

  it("is a problem with the request's id: 502, 503 and 504, each in its own words", async () => {
    const details: string[] = [];
    const cases: [number, (socket: Socket) => void][] = [
      [502, (socket) => socket.destroy()],
      [502, (socket) => void socket.write("nonsense\r\n\r\n")],
      [504, () => {}],
    ];
    for (const [status, act] of cases) {
      await using app = await rawUpstream((socket) => act(socket));
      await using front = await edge([app.origin], { responseMs: 200, holdMs: 0 });
      const init = { method: "POST", headers: { "X-Request-Id": "mine" } };
      const told = await fetch(`${front.origin}/queue/x?secret=1`, init);
      expect([told.status, told.headers.get("x-request-id")]).toEqual([status, "mine"]);
      const problem = (await told.json()) as { detail: string; instance: string; requestId: string };
      expect(problem).toMatchObject({ status, requestId: "mine", instance: "/queue/x" });
      details.push(problem.detail);
    }
    expect(details).toEqual([
      "The queue app sent an incomplete or invalid response.",
      "The queue app sent an incomplete or invalid response.",
      "The queue app did not respond in time.",
    ]);
  });

  it("is told to pages of allowed origins, and to no others", async () => {
    await using app = await rawUpstream((socket) => socket.destroy());
    for (const [corsOrigins, shown] of [
      [["https://shop.example"], "https://shop.example"],
      [["*"], "*"],
      [[], null],
      [["https://other.example"], null],
    ] as const) {
      await using front = await edge([app.origin], { holdMs: 0, corsOrigins });
      for (const [path, status] of [
        ["/queue/x", 502],
        ["/queue//x", 400],
      ] as const) {
        const told = await fetch(front.origin + path, { method: "POST", headers: { Origin: "https://shop.example" } });
        expect([told.status, told.headers.get("access-control-allow-origin")]).toEqual([status, shown]);
        expect(told.headers.get("access-control-expose-headers")?.includes("Retry-After") ?? null).toBe(shown && true);
      }
    }
  });

  it("is asked again as soon as its health check is good", async () => {
    let well = false;
    let asked = 0;
    await using one = await behind((req, res) => {
      const forHealth = req.url === "/queue/health";
      if (!forHealth) asked++;
      if (well) res.end("one");
      else if (forHealth) res.writeHead(503).end();
      else req.socket.destroy();
    });
    await using two = await behind((_req, res) => void res.end("two"));
    await using front = await edge([one.origin, two.origin]);
    const ask = () => fetch(`${front.origin}/queue/x`).then((got) => got.text());
    // Down: once its health check has said so, nobody is sent there.
    await until(() => {
      ask().catch(() => {});
      return asked >= 5;
    });
    let last = -1;
    for (let quiet = 0; quiet < 50; quiet = asked === last ? quiet + 1 : 0) {
      last = asked;
      expect(await ask()).toBe("two");
    }
    // Up: a look at its health brings it back, slowly.
    well = true;
    const before = asked;
    await until(() => {
      ask().catch(() => {});
      return asked > before;
    });
  }, 30_000);
});

describe("connections to an app", () => {
  it("that it closes just as a request is sent: the request is sent again where it may be", async () => {
    // Each connection serves one request and is closed when the next one arrives on it.
    const served = new Map<number, number>();
    await using app = await rawUpstream((socket, _text, connection) => {
      const count = (served.get(connection) ?? 0) + 1;
      served.set(connection, count);
      if (count === 1) socket.write(answer("ok"));
      else socket.destroy();
    });
    await using front = await edge([app.origin], { holdMs: 0 });
    for (let i = 0; i < 40; i++) {
      const got = await fetch(`${front.origin}/queue/x`);
      expect([got.status, await got.text()]).toEqual([200, "ok"]);
    }
    // A POST may have had its effect, so it is told of.
    expect((await fetch(`${front.origin}/queue/x`, { method: "POST" })).status).toBe(502);
    expect((await fetch(`${front.origin}/queue/x`, { method: "POST" })).status).toBe(200);
  });

  it("are closed before the app closes them, by what it says of its time", async () => {
    await using app = await rawUpstream((socket) => void socket.write(answer("ok", "Keep-Alive: timeout=2\r\n")));
    await using front = await edge([app.origin], { holdMs: 0 });
    expect(await (await fetch(`${front.origin}/queue/x`)).text()).toBe("ok");
    await until(() => app.sockets.size === 0);
  });

  it("are as many as are needed, and no more than is allowed: the others wait a moment, then get a 503", async () => {
    const waiting: Socket[] = [];
    await using app = await rawUpstream((socket) => void waiting.push(socket));
    await using front = await edge([app.origin], { maxConnections: 3, connectMs: 300, holdMs: 0 });
    const asked = Array.from({ length: 5 }, () => fetch(`${front.origin}/queue/x`, { method: "POST" }));
    await until(() => waiting.length === 3);
    const late = await Promise.any(asked);
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await late.json()).toMatchObject({ detail: "The queue app is busy with other requests." });
    expect(app.sockets.size).toBe(3);
    for (const socket of waiting) socket.write(answer("ok"));
    const statuses = (await Promise.all(asked)).map((one) => one.status).sort();
    expect(statuses).toEqual([200, 200, 200, 503, 503]);
    // A busy app is no app that is away.
    waiting.length = 0;
    const next = fetch(`${front.origin}/queue/x`);
    await until(() => waiting.length === 1);
    waiting[0]?.write(answer("next"));
    expect(await (await next).text()).toBe("next");
  });
});
