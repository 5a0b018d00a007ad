import { once } from "node:events";
import type { Server } from "node:net";
import type { SocketSource } from "@quintet/workers";
import { ConfigError } from "./config.ts";

/** Makes a server listen, on the shared socket if there is one. Rejects with `ConfigError`, naming `setting`, when the port is taken. */
export async function listen(
  server: Server,
  at: { host: string; port: number; socket?: SocketSource | undefined; setting: string },
): Promise<void> {
  const { host, port, socket, setting } = at;
  try {
    const listening = once(server, "listening");
    listening.catch(() => {});
    server.listen(socket ? await socket(host, port) : { host, port });
    await listening;
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    throw taken ? new ConfigError(`Port ${port} is taken; choose another with ${setting}.`) : error;
  }
}
