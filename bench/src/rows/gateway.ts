import { fileURLToPath } from "node:url";
import { type MeasuredServer, startServer } from "../processes.ts";
import { compare, loadVariant, type Row } from "../row.ts";
import { startHaproxy } from "../servers/haproxy.ts";
import { startNginx } from "../servers/nginx.ts";
import type { Load } from "../wrk.ts";

const edge = fileURLToPath(new URL("../servers/edge.ts", import.meta.url));
const body = JSON.stringify({ text: "x".repeat(1000) });

/** The gateway with a mounted and with a remote app, compared with the app alone, nginx, HAProxy and `hono/proxy`. */
export const gateway: Row = {
  name: "gateway",
  about: "requests per second through the gateway, mounted and remote",
  async run({ rounds, seconds }) {
    await using stack = new AsyncDisposableStack();
    const start = async (...args: string[]) => stack.use(await startServer(process.execPath, [edge, ...args]));
    const direct = await start("direct");
    const behind = `http://127.0.0.1:${direct.port}`;
    const [mounted, remote, honoProxy, nginx, haproxy] = await Promise.all([
      start("mounted"),
      start("remote", behind),
      start("hono-proxy", behind),
      startNginx(behind).then((server) => stack.use(server)),
      startHaproxy(behind).then((server) => stack.use(server)),
    ]);
    const servers: [string, MeasuredServer][] = [
      ["direct", direct],
      ["mounted", mounted],
      ["remote", remote],
      ["nginx, 1 worker", nginx],
      ["HAProxy, 1 thread", haproxy],
      ["hono/proxy", honoProxy],
    ];
    for (const [name, { port }] of servers) await check(name, port);
    const variants = (load: (port: number) => Load) =>
      servers.map(([name, server]) => loadVariant(name, [server], load(server.port), seconds));
    await compare(
      "A small GET",
      "requests/s",
      variants((port) => ({ url: `http://127.0.0.1:${port}/queue/small` })),
      rounds,
    );
    await compare(
      "A POST of 1 KB",
      "requests/s",
      variants((port) => ({
        url: `http://127.0.0.1:${port}/queue/echo`,
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
      })),
      rounds,
    );
  },
};

async function check(name: string, port: number): Promise<void> {
  const small = await fetch(`http://127.0.0.1:${port}/queue/small`);
  if ((await small.text()) !== '{"status":"running","message":"hello"}')
    throw new Error(`${name}: wrong response to GET`);
  const headers = { "Content-Type": "application/json" };
  const echo = await fetch(`http://127.0.0.1:${port}/queue/echo`, { method: "POST", headers, body });
  if ((await echo.text()) !== body) throw new Error(`${name}: wrong response to POST`);
}
