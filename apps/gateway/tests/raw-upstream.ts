import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** An app that is nothing but bytes, on a port of its own. */
export interface RawUpstream extends AsyncDisposable {
  origin: string;
  /** The connections that are open just now. */
  sockets: Set<Socket>;
  /** Everything that each connection brought, as latin1 text, in the order in which the connections came. */
  received: string[];
  /** Resolves when all that was sent so far has been read, and cuts every connection. */
  settled(): Promise<void>;
}

/** Runs `onRequest` for every piece of a request that ends a head, with the number of its connection. */
export async function rawUpstream(
  onRequest: (socket: Socket, text: string, connection: number) => void,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const received: string[] = [];
  const server = createServer((socket) => {
    const connection = received.push("") - 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      received[connection] += text;
      if (text.includes("\r\n\r\n")) onRequest(socket, text, connection);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    received,
    async settled() {
      // Connections are accepted in the order in which they came, so nothing sent before this one can come after it.
      const last = connect((server.address() as AddressInfo).port, "127.0.0.1");
      last.write(" ");
      const isRead = () => [...sockets].some((one) => one.remotePort === last.localPort && one.bytesRead > 0);
      while (!isRead()) await new Promise(setImmediate);
      await new Promise(setImmediate);
      last.destroy();
      for (const socket of sockets) socket.destroy();
      while (sockets.size > 0) await new Promise(setImmediate);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
