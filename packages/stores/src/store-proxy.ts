import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy with which a test makes a store unavailable and available again. */
export interface StoreProxy extends AsyncDisposable {
  /** The store's URL, through the proxy. */
  url: string;
  /** Closes every connection and accepts no new one. */
  cut(): Promise<void>;
  /**
   * Drops the responses to the next `times` requests (default 1) whose bytes match: the store executes them, and the
   * connection is closed instead of passing its response on. `left()` returns how many remain.
   */
  dropResponses(requests: RegExp, times?: number): { left(): number };
  /**
   * Replaces the next bytes that the store sends on each connection by the result of `change`, then resets that
   * connection. The same applies to new connections until this is called without an argument.
   */
  corrupt(change?: (bytes: Buffer) => Buffer): void;
  /** Listens again, on the same port. */
  restore(): Promise<void>;
  /** Stops forwarding while connections stay open, as if the store hung. */
  freeze(): void;
  /** Resumes forwarding, with the bytes that were held back. */
  thaw(): void;
}

/** A proxy for the store at `storeUrl`. */
export async function storeProxy(storeUrl: string): Promise<StoreProxy> {
  const target = new URL(storeUrl);
  const sockets = new Set<Socket>();
  const clients = new Map<Socket, Socket>();
  let change: ((bytes: Buffer) => Buffer) | undefined;
  let dropping: { requests: RegExp; left: number } | undefined;
  let server: Server;
  let port = 0;
  let frozen = false;
  const listen = async () => {
    server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          sockets.delete(socket);
          clients.delete(upstream);
          client.destroy();
          upstream.destroy();
        });
      }
      client.on("data", (bytes) => {
        if (!dropping || dropping.left === 0 || !dropping.requests.test(bytes.toString("latin1"))) return;
        dropping.left--;
        upstream.unpipe(client);
        upstream.once("data", () => upstream.destroy()).resume();
      });
      client.pipe(upstream).pipe(client);
      clients.set(upstream, client);
      if (change) corruptNext(upstream, client, change);
      if (frozen) for (const socket of [client, upstream]) socket.pause();
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address) port = address.port;
  };
  const corruptNext = (upstream: Socket, client: Socket, transform: (bytes: Buffer) => Buffer) => {
    upstream.unpipe(client);
    upstream.once("data", (bytes) => client.write(transform(bytes), () => client.resetAndDestroy())).resume();
  };
  const corrupt: StoreProxy["corrupt"] = (transform) => {
    change = transform;
    if (transform) for (const [upstream, client] of clients) corruptNext(upstream, client, transform);
  };
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen();
  const url = new URL(storeUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  const freeze = () => {
    frozen = true;
    for (const socket of sockets) socket.pause();
  };
  const thaw = () => {
    frozen = false;
    for (const socket of sockets) socket.resume();
  };
  const dropResponses: StoreProxy["dropResponses"] = (requests, times = 1) => {
    const drop = { requests, left: times };
    dropping = drop;
    return { left: () => drop.left };
  };
  return { url: url.href, cut, dropResponses, corrupt, restore: listen, freeze, thaw, [Symbol.asyncDispose]: cut };
}
