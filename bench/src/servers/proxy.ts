import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool, freePort } from "@quintet/stores/testing";
import { type MeasuredServer, startServer, waitUntilReady } from "../processes.ts";

/** A proxy that the gateway is compared with: its program, configuration and arguments. */
export interface Proxy {
  tool: "haproxy" | "nginx";
  configuration(at: { port: number; folder: string }): string;
  args(file: string, folder: string): string[];
}

/** Starts a proxy on a free port and waits until it responds. Its folder is removed when it is disposed of. */
export async function startProxy({ tool, configuration, args }: Proxy): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(tmpdir(), `quintet-${tool}-`));
  const port = await freePort();
  const file = join(folder, `${tool}.conf`);
  writeFileSync(file, configuration({ port, folder }));
  const server = await startServer(await findTool(tool, process.env, console.log), args(file, folder), { port });
  await waitUntilReady(`http://127.0.0.1:${port}/queue/small`);
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
