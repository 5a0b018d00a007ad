import type { Socket } from "node:net";
import type { Connection, ConnectionUser } from "./connections/connection.ts";

/** Either side may be silent for any time; TCP keep-alive detects a peer that is gone. */
const keepAliveMs = 60_000;

/** Passes bytes in both directions after a 101, until either side ends or fails. */
export class Tunnel implements ConnectionUser {
  readonly #client: Socket;
  readonly #connection: Connection;

  constructor(client: Socket, connection: Connection) {
    this.#client = client;
    this.#connection = connection;
    for (const socket of [client, connection.socket]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, keepAliveMs);
    }
    client.on("data", (part: Buffer) => {
      if (!connection.write(part)) client.pause();
    });
    client.once("end", () => connection.socket.end());
    client.once("close", () => connection.destroy());
    if (client.destroyed) connection.destroy();
  }

  onData(part: Buffer): void {
    const { socket } = this.#connection;
    // The reader reuses its buffer for the next read.
    if (this.#client.write(Buffer.from(part)) || this.#client.writableLength === 0 || socket.isPaused()) return;
    socket.pause();
    this.#client.once("drain", () => socket.resume());
  }

  onDrain(): void {
    this.#client.resume();
  }

  onEnd(): void {
    this.#client.destroySoon();
    this.#connection.user = undefined;
    this.#connection.destroy();
  }

  onFailure(): void {
    this.#client.destroy();
  }

  onRead(): void {}
  onHead(): void {}
  onInterim(): void {}
  onSwitch(): void {}
}
