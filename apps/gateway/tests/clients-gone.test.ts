import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { until } from "@quintet/http/testing";
import { describe, expect, it } from "vitest";
import { behind, edge } from "./edge.ts";

const full = process.env.QUINTET_FAULTS === "full";
const clients = full ? 10_000 : 400;
const atOnce = full ? 500 : 100;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("clients that go away in the middle of their answers", () => {
  it.each(["/queue/x", "/social/x"])(
    "leave nothing behind: %s",
    async (path) => {
      let underWay = 0;
      let came = 0;
      const part = Buffer.alloc(16 * 1024, "x");
      // The rest of an answer never comes.
      await using app = await behind((_req, res) => {
        came++;
        underWay++;
        res.once("close", () => underWay--);
        res.write(part);
      });
      const fetched = () => {
        came++;
        underWay++;
        const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(part));
        return new Response(new ReadableStream({ start, cancel: () => void underWay-- }));
      };
      await using front = await edge([app.origin], { mounted: { fetch: fetched } });
      const openAt = (server: typeof app.server) =>
        new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
      const settled = async () => {
        const left = await Promise.all([front.listening.server, app.server].map(openAt));
        return left.every((count) => count === 0) && underWay === 0;
      };
      const heap: number[] = [];
      for (let done = 0; done < clients; done += atOnce) {
        const wave = Array.from({ length: atOnce }, () => front.open());
        for (const [i, { socket }] of wave.entries()) {
          socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
          // Some go before the head, some after some of the body; some say goodbye, some do not.
          if (i % 5 === 0) socket.once("connect", () => setImmediate(() => socket.destroy()));
          else socket.once("data", () => (i % 2 === 0 ? socket.resetAndDestroy() : socket.destroy()));
        }
        await Promise.all(wave.map((client) => client.closed));
        // No connection of a client, and none to the app either: one with half an answer on it is of no further use.
        for (const from = performance.now(); !(await settled()); await turn()) {
          if (performance.now() - from > 10_000) throw new Error(`${underWay} requests are left behind`);
        }
        for (let i = 0; i < 3; i++) {
          collect();
          await turn();
        }
        heap.push(process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers);
      }
      expect(came).toBeGreaterThan(clients * 0.7);
      // What is in use after the last wave is not more than after one in the first half: 100 bytes a client at most, at full size.
      const least = Math.min(...heap.slice(0, heap.length >> 1));
      const last = Math.min(...heap.slice(-3));
      expect(last - least).toBeLessThan(1_000_000);
      expect((await fetch(`${front.origin}/nothing`)).status).toBe(404);
    },
    600_000,
  );
});

it("a client that goes away while its body is on its way leaves nothing behind", async () => {
  let underWay = 0;
  await using app = await behind((req, res) => {
    underWay++;
    res.once("close", () => underWay--);
    req.resume();
  });
  await using front = await edge([app.origin]);
  const wave = Array.from({ length: atOnce }, () => front.open());
  for (const { socket } of wave) socket.write("POST /queue/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
  await until(() => underWay === atOnce);
  for (const { socket } of wave) socket.destroy();
  await until(() => underWay === 0);
});

it.each(["/queue/x", "/social/x"])(
  "a client that goes away with requests in a row leaves none of them behind: %s",
  async (path) => {
    let underWay = 0;
    await using app = await behind((_req, res) => {
      underWay++;
      res.once("close", () => underWay--);
    });
    const fetched = (request: Request) => {
      underWay++;
      request.signal.addEventListener("abort", () => underWay--);
      return new Promise<Response>(() => {});
    };
    await using front = await edge([app.origin], { mounted: { fetch: fetched } });
    let open = 0;
    front.listening.server.on("request", (_request, response) => {
      open++;
      response.once("close", () => open--);
    });
    const client = front.open();
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(20));
    await until(() => underWay === 20);
    client.socket.destroy();
    await until(() => underWay === 0 && open === 0);
  },
);
