import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { InvalidResponse } from "./field-lines.ts";
import { ReadBuffer } from "./read-buffer.ts";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";

/** The user of a connection, notified of its events. */
export interface ConnectionUser extends ResponseSink {
  /** Everything that one read brought has been reported. */
  onRead(): void;
  /** The upstream accepts more of the request's body. */
  onDrain(): void;
  /** The connection was closed before the response was complete. */
  onFailure(error: Error): void;
}

/** A connection exceeded a time limit. */
export class UpstreamTimeout extends Error {
  override name = "UpstreamTimeout";
  readonly code: "WAIT_TIMEOUT" | "CONNECT_TIMEOUT" | "RESPONSE_TIMEOUT" | "IDLE_TIMEOUT";

  constructor(code: UpstreamTimeout["code"]) {
    super(code);
    this.code = code;
  }
}

/** One read buffer serves all small responses: its bytes are consumed within the call that brings them. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** After a read of this many bytes the next one is expected to be large too, and gets a buffer that need not be copied. */
const largeReadBytes = 32 * 1024;

/** A connection to a target: one request at a time, kept alive between them. */
export class Connection {
  readonly socket: Socket;
  readonly reader = new ResponseReader();
  /** Whether it has carried a request before this one. */
  used = false;
  /** When bytes were last sent or received, or it became idle, by `performance.now()`. */
  activeAt = performance.now();
  /** Whether any byte of the response has arrived. */
  responding = false;
  user: ConnectionUser | undefined;
  /** Whether its request only waits; such a connection does not count towards the limit. */
  parked = false;
  /** Its first error. */
  error: Error | undefined;
  #buffer: ReadBuffer | undefined;
  readonly #onClosed: (connection: Connection) => void;

  constructor(origin: URL, onReady: () => void, onClosed: (connection: Connection) => void) {
    this.#onClosed = onClosed;
    const secure = origin.protocol === "https:";
    const host = origin.hostname.replace(/^\[|\]$/g, "");
    const port = Number(origin.port || (secure ? 443 : 80));
    if (secure) {
      this.socket = connectTls({ host, port, servername: host, ALPNProtocols: ["http/1.1"] }, onReady);
      this.socket.on("data", (bytes: Buffer) => this.#read(bytes));
    } else {
      let last = 0;
      const buffer = () => {
        this.#buffer?.release();
        this.#buffer = last >= largeReadBytes && this.user ? new ReadBuffer() : undefined;
        return this.#buffer?.bytes ?? readBuffer;
      };
      const callback = (length: number, bytes: Uint8Array) => {
        last = length;
        this.#read((bytes as Buffer).subarray(0, length));
        return true;
      };
      this.socket = connect({ host, port, noDelay: true, onread: { buffer, callback } }, onReady);
    }
    this.socket.setNoDelay(true);
    this.socket.on("drain", () => this.user?.onDrain());
    this.socket.on("error", (error) => {
      this.error = error;
    });
    this.socket.on("end", () => this.#ended());
    this.socket.on("close", () => this.#closed());
  }

  /** Sends the head of a request, which may offer another protocol; the response goes to `user`. */
  send(head: string, method: string, user: ConnectionUser, offers = false): void {
    this.user = user;
    this.responding = false;
    this.activeAt = performance.now();
    this.reader.expect(user, method, offers);
    this.socket.write(head, "latin1");
  }

  /** Sends a part of the request's body; false when the upstream should get no more for now. */
  write(part: Buffer | string): boolean {
    this.activeAt = performance.now();
    // A large part exceeds the socket's high-water mark even when it was sent at once.
    return this.socket.write(part, "latin1") || this.socket.writableLength === 0;
  }

  /** Further events go to another user. */
  transferTo(user: ConnectionUser): void {
    this.user = user;
    this.reader.transferTo(user);
  }

  /** The buffer of the bytes being reported, retained until they are written; undefined when they must be copied. */
  retainBuffer(): ReadBuffer | undefined {
    this.#buffer?.retain();
    return this.#buffer;
  }

  /** Closes the connection and notifies its user, if any. */
  destroy(error?: Error): void {
    if (error) this.error ??= error;
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.responding = true;
    const { user, reader } = this;
    const { awaitsHead, interim } = reader;
    try {
      reader.read(bytes);
      // A head that trickles in does not extend the time limit.
      if (!awaitsHead || !reader.awaitsHead || reader.interim > interim) this.activeAt = performance.now();
      user?.onRead();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #ended(): void {
    if (this.reader.complete) return;
    try {
      this.reader.end();
    } catch (error) {
      this.error ??= error as Error;
    }
  }

  #closed(): void {
    const user = this.user;
    this.user = undefined;
    this.#onClosed(this);
    user?.onFailure(this.error ?? new InvalidResponse("The connection was closed."));
  }
}
