import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy in front of a store, by which a test takes it away and gives it back. */
export interface StoreProxy extends AsyncDisposable {
  /** The store's URL, through the proxy. */
  url: string;
  /** Cuts every connection and takes no new one. */
  cut(): Promise<void>;
  /**
   * Loses the answers to the next `times` requests whose bytes match: the store does what they ask, and when it answers, the connection is
   * cut instead. Answers how many are left.
   */
  loseAnswers(requests: RegExp, times?: number): { left(): number };
  /**
   * Passes what `change` makes of the next bytes that the store sends on each connection, and resets that connection then; so it does with
   * each new connection until this is called without.
   */
  spoil(change?: (bytes: Buffer) => Buffer): void;
  /** Listens again, on the same port. */
  restore(): Promise<void>;
  /** Passes nothing on any more, while every connection stays open: the store stands still. */
  freeze(): void;
  /** Passes on what was held back, and what comes. */
  thaw(): void;
}

/** A proxy for the store at `storeUrl`. */
export async function storeProxy(storeUrl: string): Promise<StoreProxy> {
  const target = new URL(storeUrl);
  const sockets = new Set<Socket>();
  const clients = new Map<Socket, Socket>();
  let change: ((bytes: Buffer) => Buffer) | undefined;
  let losing: { requests: RegExp; left: number } | undefined;
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
        if (!losing || losing.left === 0 || !losing.requests.test(bytes.toString("latin1"))) return;
        losing.left--;
        upstream.unpipe(client);
        upstream.once("data", () => upstream.destroy()).resume();
      });
      client.pipe(upstream).pipe(client);
      clients.set(upstream, client);
      if (change) spoilNext(upstream, client, change);
      if (frozen) for (const socket of [client, upstream]) socket.pause();
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address) port = address.port;
  };
  const spoilNext = (upstream: Socket, client: Socket, changed: (bytes: Buffer) => Buffer) => {
    upstream.unpipe(client);
    upstream.once("data", (bytes) => client.write(changed(bytes), () => client.resetAndDestroy())).resume();
  };
  const spoil: StoreProxy["spoil"] = (changed) => {
    change = changed;
    if (changed) for (const [upstream, client] of clients) spoilNext(upstream, client, changed);
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
  const loseAnswers: StoreProxy["loseAnswers"] = (requests, times = 1) => {
    const set = { requests, left: times };
    losing = set;
    return { left: () => set.left };
  };
  return { url: url.href, cut, loseAnswers, spoil, restore: listen, freeze, thaw, [Symbol.asyncDispose]: cut };
}
