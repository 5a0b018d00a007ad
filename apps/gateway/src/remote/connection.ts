import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { BadAnswer } from "./field-lines.ts";
import { ReadBuffer } from "./read-buffers.ts";
import { type AnswerSink, ResponseReader } from "./response-reader.ts";

/** Who uses a connection, told what comes on it. */
export interface ConnectionUser extends AnswerSink {
  /** All that came with one read was told. */
  onRead(): void;
  /** The upstream takes more of the request's body. */
  onDrain(): void;
  /** The connection is gone before the answer was whole. */
  onFailure(error: Error): void;
}

/** Why a connection was given up, as a code that `onFailure`'s error carries. */
export class UpstreamTimeout extends Error {
  override name = "UpstreamTimeout";
  readonly code: "WAIT_TIMEOUT" | "CONNECT_TIMEOUT" | "ANSWER_TIMEOUT" | "IDLE_TIMEOUT";

  constructor(code: UpstreamTimeout["code"]) {
    super(code);
    this.code = code;
  }
}

/** One read buffer serves all small answers: its bytes are used up within the call that brings them. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** After a read of so many bytes the next is expected to bring many, and gets a buffer that need not be copied. */
const largeRead = 32 * 1024;

/** A connection to a target: one request at a time, kept alive between them. */
export class Connection {
  readonly socket: Socket;
  readonly reader = new ResponseReader();
  /** Whether it has carried a request before this one. */
  used = false;
  /** When bytes were last sent or received, or it became idle; from `performance.now()`. */
  since = performance.now();
  /** Whether anything of the answer has come. */
  answering = false;
  user: ConnectionUser | undefined;
  /** Whether its request only waits; such a connection is not counted. */
  parked = false;
  /** What went wrong with it. */
  error: Error | undefined;
  #buffer: ReadBuffer | undefined;
  readonly #onGone: (connection: Connection) => void;

  constructor(origin: URL, onReady: () => void, onGone: (connection: Connection) => void) {
    this.#onGone = onGone;
    const secure = origin.protocol === "https:";
    const host = origin.hostname.replace(/^\[|\]$/g, "");
    const port = Number(origin.port || (secure ? 443 : 80));
    if (secure) {
      this.socket = connectTls({ host, port, servername: host, ALPNProtocols: ["http/1.1"] }, onReady);
      this.socket.on("data", (bytes: Buffer) => this.#read(bytes));
    } else {
      let last = 0;
      const buffer = () => {
        this.#buffer?.letGo();
        this.#buffer = last >= largeRead && this.user ? new ReadBuffer() : undefined;
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

  /** Sends the head of a request, which may offer another protocol; the answer goes to `user`. */
  send(head: string, method: string, user: ConnectionUser, offers = false): void {
    this.user = user;
    this.answering = false;
    this.since = performance.now();
    this.reader.expect(user, method, offers);
    this.socket.write(head, "latin1");
  }

  /** Sends a piece of the request's body; false when the upstream should get no more for now. */
  write(part: Buffer | string): boolean {
    this.since = performance.now();
    // A large piece is above the socket's mark even when it left at once.
    return this.socket.write(part, "latin1") || this.socket.writableLength === 0;
  }

  /** What comes from now on goes to another user. */
  handTo(user: ConnectionUser): void {
    this.user = user;
    this.reader.handTo(user);
  }

  /** The buffer of the bytes that are told of now, held until they are written; undefined when they must be copied. */
  holdBuffer(): ReadBuffer | undefined {
    this.#buffer?.hold();
    return this.#buffer;
  }

  /** Gives the connection up; its user, if any, hears why. */
  destroy(error?: Error): void {
    if (error) this.error ??= error;
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.answering = true;
    const { user, reader } = this;
    const { awaitsHead, interim } = reader;
    try {
      reader.read(bytes);
      // A head that trickles in wins no time by it.
      if (!awaitsHead || !reader.awaitsHead || reader.interim > interim) this.since = performance.now();
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
    this.#onGone(this);
    user?.onFailure(this.error ?? new BadAnswer("The connection was closed."));
  }
}
