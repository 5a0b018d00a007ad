import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool, freePort } from "@quintet/stores/testing";
import { answers, type Measured, startServer } from "../processes.ts";

/** HAProxy with one thread in front of `upstream`, with connections to it kept alive and shared. */
export async function startHaproxy(upstream: string): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "quintet-haproxy-"));
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app ${new URL(upstream).host} pool-max-conn 256
`,
  );
  const server = await startServer(await findTool("haproxy", process.env, console.log), ["-db", "-f", file], { port });
  await answers(`http://127.0.0.1:${port}/queue/small`);
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
