import { Connection, UpstreamTimeout } from "./connection.ts";

/** Time limits of a remote app, in milliseconds. */
export interface Limits {
  connectMs: number;
  /** From the last byte of the request to the end of the response head; long polls and loads count. */
  responseMs: number;
  /** Between two parts of a response. */
  idleMs: number;
  /** Max connections to one target, without those whose requests wait. Further requests wait for a connection for `connectMs`. */
  maxConnections: number;
}

/** A request for a connection. */
export interface ConnectionRequest {
  onConnection(connection: Connection): void;
  onNoConnection(error: Error): void;
}

/** How long an idle connection is kept when the upstream sends no `Keep-Alive` timeout. */
const defaultIdleMs = 4000;

/** The connections to one target. The most recently used one is reused first, so that surplus ones become idle and are closed. */
export class ConnectionPool {
  readonly origin: URL;
  readonly #limits: Limits;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: { request: ConnectionRequest; since: number }[] = [];
  #parked = 0;

  constructor(origin: URL, limits: Limits) {
    this.origin = origin;
    this.#limits = limits;
  }

  /** Provides a connection to `request`, at once when one is idle. */
  acquire(request: ConnectionRequest): void {
    const idle = this.#idle.pop();
    if (idle) request.onConnection(idle);
    else if (this.#counted < this.#limits.maxConnections) this.#connect(request);
    else this.#waiting.push({ request, since: performance.now() });
  }

  /**
   * The numbers of connections: with a request or connecting, idle, and parked with a request that waits; and of requests that wait for a
   * connection.
   */
  get counts(): { inUse: number; idle: number; parked: number; waiting: number } {
    const idle = this.#idle.length;
    return { inUse: this.#counted - idle, idle, parked: this.#parked, waiting: this.#waiting.length };
  }

  get #counted(): number {
    return this.#open.size - this.#parked;
  }

  /** Its request only waits from now on: another connection may be opened in its place. */
  park(connection: Connection): void {
    if (connection.parked || !this.#open.has(connection)) return;
    connection.parked = true;
    this.#parked++;
    const next = this.#waiting.shift();
    if (next) this.acquire(next.request);
  }

  /** Takes back a connection whose response is complete. */
  release(connection: Connection): void {
    connection.user = undefined;
    connection.used = true;
    if (!connection.reader.reusable || !connection.reader.complete || connection.socket.destroyed) {
      connection.destroy();
      return;
    }
    this.#unpark(connection);
    connection.activeAt = performance.now();
    if (connection.socket.isPaused()) connection.socket.resume();
    const next = this.#waiting.shift();
    if (next === undefined && this.#counted > this.#limits.maxConnections) connection.destroy();
    else if (next) next.request.onConnection(connection);
    else this.#idle.push(connection);
  }

  /** Removes a request that waits for a connection; false when it does not wait. */
  cancel(request: ConnectionRequest): boolean {
    const at = this.#waiting.findIndex((waiting) => waiting.request === request);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Closes connections, and rejects waiting requests, whose time limit is exceeded. */
  sweep(now: number): void {
    const { responseMs, idleMs, connectMs } = this.#limits;
    for (let first = this.#waiting[0]; first && now - first.since > connectMs; first = this.#waiting[0]) {
      this.#waiting.shift();
      first.request.onNoConnection(new UpstreamTimeout("WAIT_TIMEOUT"));
    }
    for (const connection of this.#open) {
      const age = now - connection.activeAt;
      if (connection.user === undefined) {
        const keepAlive = connection.reader.keepAliveSeconds;
        // Closed before the upstream closes it, which could hit a request in transit.
        const keptMs = keepAlive === undefined ? defaultIdleMs : Math.max(keepAlive * 1000 - 2000, 0);
        if (connection.socket.readyState === "open" && age > keptMs) connection.destroy();
      } else if (connection.reader.awaitsHead) {
        if (age > responseMs) connection.destroy(new UpstreamTimeout("RESPONSE_TIMEOUT"));
      } else if (age > idleMs && !connection.reader.switched && !connection.socket.isPaused()) {
        connection.destroy(new UpstreamTimeout("IDLE_TIMEOUT"));
      }
    }
  }

  /** Closes all idle connections. */
  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
  }

  #unpark(connection: Connection): void {
    if (connection.parked) this.#parked--;
    connection.parked = false;
  }

  #connect(request: ConnectionRequest): void {
    let ready = false;
    let failure: Error | undefined;
    const connection = new Connection(
      this.origin,
      () => {
        ready = true;
        clearTimeout(timer);
        request.onConnection(connection);
      },
      (closed) => {
        this.#unpark(closed);
        this.#open.delete(closed);
        const at = this.#idle.indexOf(closed);
        if (at >= 0) this.#idle.splice(at, 1);
        clearTimeout(timer);
        if (!ready) request.onNoConnection(failure ?? closed.error ?? new Error("No connection."));
        const next = this.#waiting.shift();
        if (next) this.acquire(next.request);
      },
    );
    const timer = setTimeout(() => {
      failure = new UpstreamTimeout("CONNECT_TIMEOUT");
      connection.destroy();
    }, this.#limits.connectMs);
    this.#open.add(connection);
  }
}
