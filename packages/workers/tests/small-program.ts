import { existsSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { open } from "node:inspector";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigError, runProgram, type Start } from "../src/index.ts";

/** A small program for the tests: it says who it is, waits, and breaks as it is asked to. */
const start: Start = async ({ env, first, socket, peers }) => {
  if (env.BAD) throw new ConfigError(`BAD: ${env.BAD}`);
  if (env.BREAKS_AT_START) throw new Error("It breaks at its start.");
  const waiting = new Map<string, ServerResponse>();
  let counted = 0;
  peers?.provide(async () => ({ counters: { requests: counted }, state: process.pid }));
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://a");
    if (pathname === "/count") response.end(String(++counted));
    else if (pathname === "/counted") response.end(JSON.stringify(await peers?.collect()));
    else if (pathname === "/wait") waiting.set(searchParams.get("name") ?? "", response);
    else if (pathname === "/waiting") response.end(JSON.stringify({ pid: process.pid, waiting: waiting.size }));
    else if (pathname === "/loop") for (;;);
    else if (pathname === "/debug") {
      open(0, "127.0.0.1");
      // The parent learns of it by what it asks next.
      process.once("message", () => response.end(String(process.pid)));
    } else if (pathname === "/throw") {
      response.end();
      setImmediate(() => {
        throw new Error("thrown outside a request");
      });
    } else if (pathname === "/reject") {
      response.end();
      void Promise.reject(new Error("rejected"));
    } else response.end(JSON.stringify({ pid: process.pid, ppid: process.ppid, first, colour: env.COLOUR }));
  });
  const port = Number(env.PORT);
  server.listen(socket ? await socket({ setting: "PORT", host: "127.0.0.1", port }) : { host: "127.0.0.1", port });
  await new Promise((done) => server.once("listening", done));
  if (env.BREAKS_LATER) setTimeout(() => Promise.reject(new Error("again")), 10);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log: { fatal: (fields, message) => console.log(JSON.stringify({ message, ...fields })) },
    async close() {
      const closed = new Promise((done) => server.close(done));
      // What waits may finish for a moment after a fault or a stop.
      await pause(Number(env.LINGER_MS ?? 50));
      for (const held of waiting.values()) held.end(String(process.pid));
      server.closeIdleConnections();
      await closed;
    },
  };
};

const settings = ["COLOUR", "BAD", "WORKERS", "LINGER_MS"];
await runProgram(
  process.env,
  async () => {
    const { BLOCKS_LOADING: file } = process.env;
    if (file && existsSync(file)) {
      console.log(`${process.pid} loads`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    }
    return { start };
  },
  settings,
);
