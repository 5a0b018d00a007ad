import { fileURLToPath } from "node:url";
import { startApp } from "../app-process.ts";
import { startServer } from "../processes.ts";
import { compare, loadVariant, type Row } from "../row.ts";
import type { Load } from "../wrk.ts";

const plainQueue = fileURLToPath(new URL("../servers/plain-queue.ts", import.meta.url));
const message = JSON.stringify({ task: "resize", id: 12345, size: [640, 480] });

/** Single pushes and pops, compared with a handler that runs one `RPUSH` or `LPOP` and validates nothing. */
export const queue: Row = {
  name: "queue",
  about: "push and pop one by one",
  async run({ rounds, seconds, openStores }) {
    await using app = await startApp("queue", ["mysql", "redis"], { openStores });
    await using plain = await startServer(process.execPath, [plainQueue], { env: { REDIS_URL: app.redisUrl } });
    const targets = [
      { name: "plain handler", url: `http://127.0.0.1:${plain.port}`, server: plain, headers: {} },
      { name: "queue", url: app.url, server: app.server, headers: { Authorization: app.authorization } },
    ];
    for (const { name, url, headers } of targets) {
      const send = (path: string, body?: string) =>
        fetch(`${url}/queue/${path}`, {
          method: "POST",
          headers: { ...headers, ...(body ? { "Content-Type": "application/json" } : {}) },
          ...(body ? { body } : {}),
        });
      const pushed = await send("push", message);
      const popped = (await (await send("pop")).json()) as { message: unknown };
      const body = typeof popped.message === "string" ? popped.message : JSON.stringify(popped.message);
      if (pushed.status !== 201 || body !== message) throw new Error(`${name} lost a message.`);
    }
    const variants = (load: (url: string, headers: Record<string, string>) => Load, duration: number) =>
      targets.map(({ name, url, server, headers }) =>
        loadVariant(name, [server], load(url, headers as Record<string, string>), duration),
      );
    const push = (url: string, headers: Record<string, string>): Load => ({
      url: `${url}/queue/push`,
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: message,
    });
    await compare("Push", "requests/s", variants(push, seconds), rounds);
    // A pop is faster than a push, but in half the time it does not empty the queue.
    const pop = (url: string, headers: Record<string, string>): Load => ({
      url: `${url}/queue/pop`,
      method: "POST",
      headers,
    });
    await compare("Pop", "requests/s", variants(pop, seconds < 2 ? seconds / 2 : Math.floor(seconds / 2)), rounds);
  },
};
