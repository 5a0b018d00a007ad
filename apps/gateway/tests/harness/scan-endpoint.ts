import { behind } from "../edge.ts";

/** Where a server that is talked into fetching something would fetch it. */
export interface ScanEndpoint extends AsyncDisposable {
  url: string;
  /** What was fetched. */
  fetched: string[];
}

/** Listens on a free port of the loopback, and answers the scanner, which asks at the end of its attacks, that it has seen nothing. */
export async function scanEndpoint(): Promise<ScanEndpoint> {
  const fetched: string[] = [];
  const endpoint = await behind((request, response) => {
    const path = request.url ?? "/";
    if (!/^\/(?:get_\w+\.php\b.*)?$/.test(path)) fetched.push(path);
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  return { url: `${endpoint.origin}/`, fetched, [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose]() };
}
