import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import type { Client } from "./harness/client.ts";
import { type Installation, startBehindHttp, startMounted } from "./harness/installation.ts";

const full = process.env.QUINTET_FAULTS === "full";
/** As many as would take all places of two workers several times over; in the long version those of one with its default. */
const receivers = full ? 4500 : 90;
const atOnce = full ? 500 : 3;
const limits: Record<string, string> = full ? { WORKERS: "1" } : { WORKERS: "2", MAX_REQUESTS_AT_ONCE: "12" };

/** Begins a call and answers what comes of it, without waiting for the response. */
function begin(caller: Client, method: string, path: string, headers: Record<string, string>, agent: Agent) {
  const { hostname, port } = new URL(caller.origin);
  const call = request({ hostname, port, method, path, agent, headers: { ...caller.headers, ...headers } });
  const status = (once(call, "response") as Promise<[IncomingMessage]>).then(([{ statusCode }]) => statusCode);
  return { call, status };
}

const ways: [string, () => Promise<Installation>][] = [["mounted in workers", () => startMounted(limits)]];
if (full) {
  ways.push(["behind HTTP, each app and the gateway in a worker", () => startBehindHttp(limits)]);
}

describe.each(ways)(
  "receivers that wait and streams of events, %s",
  (_way, start) => {
    it("hold up nobody", async () => {
      await using quintet = await start();
      const { staff, plain, other, anyone } = quintet;
      expect((await staff.put("/queue/queues/idle", {})).status).toBe(201);
      const agent = new Agent({ keepAlive: false });
      const json = { "Content-Type": "application/json" };
      const waits: ReturnType<typeof begin>[] = [];
      const over: (number | undefined)[] = [];
      for (let i = 0; i < receivers; i++) {
        const one = begin(plain, "POST", "/queue/queues/idle/receive", json, agent);
        one.call.end('{"waitSeconds":20}');
        one.status.then(
          (status) => over.push(status),
          () => {},
        );
        waits.push(one);
        // A few at a time, as work is limited.
        if (i % atOnce === 0) expect((await other.get("/queue/queues/idle")).status).toBe(200);
      }
      const headers = { "Content-Type": "text/csv", Accept: "text/event-stream" };
      for (let i = 0; i < 4; i++) {
        const one = begin(staff, "POST", "/ingest/jobs/csv?dryRun=true", headers, agent);
        one.call.write("id,job\n1,a\n");
        expect(await one.status).toBe(200);
        waits.push(one);
      }
      for (let round = 0; round < 8; round++) {
        const answers = await Promise.all([
          plain.get("/queue/count"),
          other.get("/properties?limit=1"),
          staff.get("/ingest/loads"),
          anyone.get("/directory/users?limit=1"),
          plain.get("/social/posts"),
          anyone.get("/health"),
        ]);
        expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 404)).toEqual([]);
      }
      // Most of them wait still; on a slow machine the first ones have waited their time.
      expect(over.length).toBeLessThan(receivers);
      expect(over.filter((status) => status !== 200)).toEqual([]);
      for (const { call, status } of waits) {
        status.catch(() => {});
        call.on("error", () => {});
        call.destroy();
      }
    });
  },
  120_000,
);
