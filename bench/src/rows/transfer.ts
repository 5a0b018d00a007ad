import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { fileURLToPath } from "node:url";
import type { Variant } from "../interleave.ts";
import { type MeasuredServer, startServer } from "../processes.ts";
import { compare, type Row } from "../row.ts";
import { startNginx } from "../servers/nginx.ts";

const edge = fileURLToPath(new URL("../servers/edge.ts", import.meta.url));
const MiB = 1024 * 1024;
/** One chunk of an upload, of the size in which a client reads a file. */
const chunk = Buffer.alloc(MiB, "quintet ");
const agent = new Agent({ keepAlive: true });

/** Downloads and uploads of 50 MB through the gateway, compared with nginx, and how much the memory grows. */
export const transfer: Row = {
  name: "transfer",
  about: "50 MB down and up through the gateway, remote and mounted, compared with nginx",
  async run({ rounds, seconds, scale }) {
    const size = Math.max(1, Math.round(50 * scale)) * MiB;
    await using stack = new AsyncDisposableStack();
    const start = async (...args: string[]) => stack.use(await startServer(process.execPath, [edge, ...args]));
    const direct = await start("direct");
    const behind = `http://127.0.0.1:${direct.port}`;
    const [remote, mounted, nginx] = await Promise.all([
      start("remote", behind),
      start("mounted"),
      startNginx(behind).then((server) => stack.use(server)),
    ]);
    const servers: [string, MeasuredServer][] = [
      ["nginx, 1 worker", nginx],
      ["remote", remote],
      ["mounted", mounted],
      ["direct", direct],
    ];
    for (const [title, move] of [
      [`${size / MiB} MB down`, download],
      [`${size / MiB} MB up`, upload],
    ] as const) {
      const grown = new Map<string, number>();
      for (const [, { port }] of servers) await move(port, size);
      const variants = servers.map(([name, server]): Variant => {
        const before = server.memory();
        return {
          name,
          async measure() {
            const [from, cpu] = [performance.now(), server.cpu()];
            let megabytes = 0;
            do {
              await move(server.port, size);
              megabytes += size / MiB;
              grown.set(name, Math.max(grown.get(name) ?? 0, server.memory() - before));
            } while (performance.now() - from < seconds * 1000);
            const elapsed = (performance.now() - from) / 1000;
            return { figure: megabytes / elapsed, cpuPerUnit: (server.cpu() - cpu) / megabytes };
          },
        };
      });
      await compare(`${title} (CPU per MB)`, "MB/s", variants, rounds);
      for (const [name, bytes] of grown)
        console.log(`  ${name.padEnd(28)} memory grew by ${Math.round(bytes / MiB)} MB`);
    }
    agent.destroy();
  },
};

async function download(port: number, size: number): Promise<void> {
  const sent = request({ port, path: `/queue/large?bytes=${size}`, agent }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let bytes = 0;
  response.on("data", (part: Buffer) => {
    bytes += part.length;
  });
  await once(response, "end");
  if (response.statusCode !== 200 || bytes !== size)
    throw new Error(`${port}: ${response.statusCode} with ${bytes} bytes`);
}

async function upload(port: number, size: number): Promise<void> {
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": size };
  const sent = request({ port, path: "/queue/sink", method: "POST", agent, headers });
  const responded = once(sent, "response") as Promise<[IncomingMessage]>;
  for (let at = 0; at < size; at += chunk.length) if (!sent.write(chunk)) await once(sent, "drain");
  sent.end();
  const [response] = await responded;
  const text = (await response.toArray()).join("");
  if (text !== JSON.stringify({ bytes: size })) throw new Error(`${port}: ${response.statusCode} ${text}`);
}
