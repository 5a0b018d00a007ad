import { once } from "node:events";
import type { Server } from "node:net";
import { ConfigError, type ListenAddress, listenFault, type SocketSource } from "@quintet/workers";

/**
 * Makes a server listen, on the shared socket if there is one. Rejects with `ConfigError`, which names the setting, when the port is
 * taken or the address cannot be listened on.
 */
export async function listen(
  server: Server,
  { socket, ...at }: ListenAddress & { socket?: SocketSource | undefined },
): Promise<void> {
  try {
    const listening = once(server, "listening");
    listening.catch(() => {});
    server.listen(socket ? await socket(at) : { host: at.host, port: at.port });
    await listening;
  } catch (error) {
    const fault = listenFault(at, (error as NodeJS.ErrnoException).code);
    throw fault ? new ConfigError(fault) : error;
  }
}
