import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Where a server that is talked into fetching something would fetch it. */
export interface ScanEndpoint extends AsyncDisposable {
  url: string;
  /** What was fetched. */
  fetched: string[];
}

/** Listens on a free port of the loopback, and answers the scanner, which asks at the end of its attacks, that it has seen nothing. */
export async function scanEndpoint(): Promise<ScanEndpoint> {
  const fetched: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    if (!/^\/(?:get_\w+\.php\b.*)?$/.test(path)) fetched.push(path);
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    fetched,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
