import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { behind, type Edge, edge } from "./edge.ts";

const full = process.env.QUINTET_FAULTS === "full";
const most = full ? 5000 : 400;
/** How long a head, a body and a reader may take, in ms. */
const limit = 1500;
const anHour = 3_600_000;

interface Attack {
  path?: string;
  first: string;
  /** What comes five times a second, if anything. */
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

const patience = { timeout: 120_000, interval: 5 };

describe("slow clients, thousands at once", () => {
  const large = Buffer.alloc(6_000_000);

  it.each(attacks)(
    "%s are hung up on, and the others are served all the while",
    async (_name, attack) => {
      await using app = await behind((req, res) => {
        req.resume().on("end", () => res.end(req.url === "/queue/large" ? large : "ok"));
      });
      const slow = { bodyMs: limit, readMs: limit };
      await using front = await edge([app.origin], { headMs: limit, slow, maxConnections: 6000, connectMs: anHour });
      const { server } = front.listening;
      // However slow this machine is, nobody is hung up on before all are there.
      [slow.bodyMs, server.headersTimeout] = [anHour, anHour];
      let open = 0;
      let came = 0;
      server.on("connection", (socket) => {
        came++;
        open++;
        socket.once("close", () => open--);
      });
      // One connection of our own, kept alive.
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ask = async () => {
        const [answer] = (await once(get(`${front.origin}/queue/x`, { agent }), "response")) as [IncomingMessage];
        expect([answer.statusCode, (await answer.toArray()).join("")]).toEqual([200, "ok"]);
      };
      // An answer that is not read fills the system's buffers with megabytes. A body for a remote app takes four descriptors of this
      // process, of which it may have 20,000 in many places.
      const count = attack.reads === false ? most / 10 : attack.first.startsWith("POST /queue") ? most * 0.9 : most;
      const attackers: ReturnType<Edge["open"]>[] = [];
      await using cleaning = new AsyncDisposableStack();
      cleaning.defer(() => {
        agent.destroy();
        for (const { socket } of attackers) socket.destroy();
      });
      while (attackers.length < count) {
        const client = front.open();
        attackers.push(client);
        if (attack.reads === false) client.socket.pause();
        if (attack.first) client.socket.write(attack.first);
        if (attackers.length % 200 === 0)
          await expect.poll(() => came, patience).toBeGreaterThanOrEqual(attackers.length);
      }
      await expect.poll(() => came, patience).toBeGreaterThanOrEqual(count);
      const trickle = setInterval(() => {
        for (const { socket } of attackers) if (attack.more && socket.writable) socket.write(attack.more);
      }, 200);
      cleaning.defer(() => clearInterval(trickle));
      for (let round = 0; round < 30; round++) await ask();
      // Who does not read has his limit from when his answer is stuck.
      if (attack.reads !== false) expect(open).toBeGreaterThanOrEqual(count);
      [slow.bodyMs, server.headersTimeout] = [limit, limit];
      while (open > 1) {
        await ask();
        await pause(5);
      }
      expect((await fetch(`${front.origin}/social/x`, { method: "POST", body: "a" })).status).toBe(200);
    },
    300_000,
  );
});
