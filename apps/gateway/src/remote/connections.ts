import { Connection, UpstreamTimeout } from "./connection.ts";

/** Time limits of a remote app, in milliseconds. */
export interface Limits {
  connectMs: number;
  /** From the last byte of the request to the end of the answer's head; long polls and loads count. */
  answerMs: number;
  /** Between two pieces of an answer. */
  idleMs: number;
  /** Connections to one target, without those whose requests wait. What comes beyond waits for one for `connectMs`. */
  mostConnections: number;
}

/** Whoever waits for a connection. */
export interface Lease {
  onConnection(connection: Connection): void;
  onNoConnection(error: Error): void;
}

/** How long a connection is kept idle when the upstream does not say how long it keeps it. */
const standardIdleMs = 4000;

/** The connections to one target. The one used last is used first, so that surplus ones become idle and are closed. */
export class Connections {
  readonly origin: URL;
  readonly #limits: Limits;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: { lease: Lease; since: number }[] = [];
  #parked = 0;

  constructor(origin: URL, limits: Limits) {
    this.origin = origin;
    this.#limits = limits;
  }

  /** Gives a connection to `lease`, at once when one is idle. */
  lease(lease: Lease): void {
    const idle = this.#idle.pop();
    if (idle) lease.onConnection(idle);
    else if (this.#counted < this.#limits.mostConnections) this.#connect(lease);
    else this.#waiting.push({ lease, since: performance.now() });
  }

  /**
   * How many connections there are: with a request or being made, idle, and parked with a request that waits; and how many requests
   * wait for one.
   */
  get counts(): { inUse: number; idle: number; parked: number; waiting: number } {
    const idle = this.#idle.length;
    return { inUse: this.#counted - idle, idle, parked: this.#parked, waiting: this.#waiting.length };
  }

  get #counted(): number {
    return this.#open.size - this.#parked;
  }

  /** Its request only waits from now on: another connection may be made in its place. */
  park(connection: Connection): void {
    if (connection.parked || !this.#open.has(connection)) return;
    connection.parked = true;
    this.#parked++;
    const next = this.#waiting.shift();
    if (next) this.lease(next.lease);
  }

  /** Takes back a connection whose answer is whole. */
  release(connection: Connection): void {
    connection.user = undefined;
    connection.used = true;
    if (!connection.reader.reusable || !connection.reader.complete || connection.socket.destroyed) {
      connection.destroy();
      return;
    }
    this.#unpark(connection);
    connection.since = performance.now();
    if (connection.socket.isPaused()) connection.socket.resume();
    const next = this.#waiting.shift();
    if (next === undefined && this.#counted > this.#limits.mostConnections) connection.destroy();
    else if (next) next.lease.onConnection(connection);
    else this.#idle.push(connection);
  }

  /** Forgets whoever waits and no longer wants a connection; false when nobody does. */
  cancel(lease: Lease): boolean {
    const at = this.#waiting.findIndex((waiting) => waiting.lease === lease);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Ends what has passed its time limit. */
  sweep(now: number): void {
    const { answerMs, idleMs, connectMs } = this.#limits;
    for (let first = this.#waiting[0]; first && now - first.since > connectMs; first = this.#waiting[0]) {
      this.#waiting.shift();
      first.lease.onNoConnection(new UpstreamTimeout("WAIT_TIMEOUT"));
    }
    for (const connection of this.#open) {
      const age = now - connection.since;
      if (connection.user === undefined) {
        const said = connection.reader.keepAliveSeconds;
        // Closed before the upstream closes it, which could meet a request on its way.
        const keptMs = said === undefined ? standardIdleMs : Math.max(said * 1000 - 2000, 0);
        if (connection.socket.readyState === "open" && age > keptMs) connection.destroy();
      } else if (connection.reader.awaitsHead) {
        if (age > answerMs) connection.destroy(new UpstreamTimeout("ANSWER_TIMEOUT"));
      } else if (age > idleMs && !connection.reader.switched && !connection.socket.isPaused()) {
        connection.destroy(new UpstreamTimeout("IDLE_TIMEOUT"));
      }
    }
  }

  /** Closes the connections that nobody uses. */
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

  #connect(lease: Lease): void {
    let ready = false;
    let failure: Error | undefined;
    const connection = new Connection(
      this.origin,
      () => {
        ready = true;
        clearTimeout(timer);
        lease.onConnection(connection);
      },
      (gone) => {
        this.#unpark(gone);
        this.#open.delete(gone);
        const at = this.#idle.indexOf(gone);
        if (at >= 0) this.#idle.splice(at, 1);
        clearTimeout(timer);
        if (!ready) lease.onNoConnection(failure ?? gone.error ?? new Error("No connection."));
        const next = this.#waiting.shift();
        if (next) this.lease(next.lease);
      },
    );
    const timer = setTimeout(() => {
      failure = new UpstreamTimeout("CONNECT_TIMEOUT");
      connection.destroy();
    }, this.#limits.connectMs);
    this.#open.add(connection);
  }
}
