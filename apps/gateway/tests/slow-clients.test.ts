import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { behind, type Edge, edge, until } from "./edge.ts";

const full = process.env.QUINTET_FAULTS === "full";
const most = full ? 5000 : 400;
/** How long a head, a body and a reader may take, in ms: longer for many, so that all of them are there at once. */
const limit = full ? 15_000 : 1500;

interface Attack {
  path?: string;
  first: string;
  /** What comes in eighths of the limit, if anything. */
  more?: string;
  reads?: false;
}

const length = "Content-Length: 9000\r\n\r\n";
const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\n`;
const attacks: [string, Attack][] = [
  ["whose heads trickle in", { first: "GET /queue/x HTTP/1.1\r\nHost: a\r\nX-", more: "a" }],
  ["whose heads do not end", { first: "GET /queue/x HTTP/1.1\r\nHost: a\r\n" }],
  ["that say nothing", { first: "" }],
  ["whose bodies trickle in, for a remote app", { first: post("/queue/x") + length, more: "a" }],
  ["whose chunks trickle in", { first: `${post("/queue/x")}Transfer-Encoding: chunked\r\n\r\n`, more: "1\r\na\r\n" }],
  ["whose bodies trickle in, for a mounted app", { first: post("/social/x") + length, more: "a" }],
  ["that do not read their answers", { first: "GET /queue/large HTTP/1.1\r\nHost: a\r\n\r\n", reads: false }],
];

describe("slow clients, thousands at once", () => {
  const large = Buffer.alloc(6_000_000);

  it.each(attacks)(
    "%s are hung up on, and the others are served all the while",
    async (_name, attack) => {
      await using app = await behind((req, res) => {
        req.resume().on("end", () => res.end(req.url === "/queue/large" ? large : "ok"));
      });
      const slow = { bodyMs: limit, readMs: limit };
      await using front = await edge([app.origin], { headMs: limit, slow, mostConnections: 6000 });
      let open = 0;
      let came = 0;
      front.listening.server.on("connection", (socket) => {
        came++;
        open++;
        socket.once("close", () => open--);
      });
      // An answer that is not read fills the system's buffers with megabytes.
      const count = attack.reads === false ? most / 10 : most;
      const attackers: ReturnType<Edge["open"]>[] = [];
      while (attackers.length < count) {
        const client = front.open();
        attackers.push(client);
        if (attack.reads === false) client.socket.pause();
        if (attack.first) client.socket.write(attack.first);
        if (attackers.length % 200 === 0) await until(() => came >= attackers.length);
      }
      await until(() => came >= count);
      const trickle = setInterval(() => {
        for (const { socket } of attackers) if (attack.more && socket.writable) socket.write(attack.more);
      }, limit / 8);
      const times: number[] = [];
      // One connection of our own is kept alive.
      for (let round = 0; open > 1 || round < 30; round++) {
        const from = performance.now();
        expect((await fetch(`${front.origin}/queue/x`)).status).toBe(200);
        times.push(performance.now() - from);
        await pause(5);
      }
      clearInterval(trickle);
      for (const { socket } of attackers) socket.destroy();
      times.sort((a, b) => a - b);
      expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(1000);
      expect((await fetch(`${front.origin}/social/x`, { method: "POST", body: "a" })).status).toBe(200);
    },
    300_000,
  );
});
