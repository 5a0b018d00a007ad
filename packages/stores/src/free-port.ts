import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A loopback port that no process listens on, for servers that cannot choose or report one themselves. It is below the
 * system's ephemeral range, so that no other process is assigned it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) return port;
  }
}

/** True when no process listens on a loopback port. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  server.listen(port, "127.0.0.1");
  if (!(await listening)) return false;
  server.close();
  await once(server, "close");
  return true;
}
