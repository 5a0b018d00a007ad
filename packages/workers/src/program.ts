import type { ListenAddress } from "./listen-address.ts";
import type { TicketKeys } from "./ticket-keys.ts";

/**
 * Where the listening sockets come from that several processes share; what it gives goes into `server.listen`. Rejects with the system's
 * code, such as `EADDRINUSE`.
 */
export type SocketSource = (at: ListenAddress) => Promise<object>;

/** What a worker tells the others of itself, as JSON carries it. */
export interface Given {
  /** What only grows, by name. Of a worker that has ended it goes on to count. */
  counted: Record<string, number>;
  /** What is so just now. */
  state: unknown;
}

/** The workers of a program, the one that asks among them. */
export interface Peers {
  /**
   * What each worker that serves or drains gives; of one that does not answer within five seconds, what it gave last. What those that have
   * ended had counted comes as one more, whose state is null.
   */
  ask(): Promise<Given[]>;
  /** Says what this one gives. */
  answer(give: () => Promise<Given>): void;
}

/** Where a program runs, and with what. */
export interface Place {
  /** The settings. */
  env: NodeJS.ProcessEnv;
  /** Whether it is this process that migrates, makes the first account and fills in demo data; of several workers one is. */
  first: boolean;
  /** Whether these settings are tried for the first time: at a start and at a reload, not when a worker that ended is started again. */
  fresh?: boolean | undefined;
  /** The sockets that the workers of this program share; a process by itself opens its own. */
  socket?: SocketSource;
  /** The workers of this program, when there are several processes. */
  peers?: Peers;
  /** The keys of TLS session tickets that the workers share. */
  ticketKeys?: TicketKeys;
}

/** A program that serves. */
export interface Program {
  url: string;
  log: { fatal(fields: object, message: string): void };
  /** Takes no more connections, lets requests that are under way finish, then closes everything. */
  close(): Promise<void>;
}

/** Starts a program; rejects with `ConfigError` when its settings are wrong. */
export type Start = (place: Place) => Promise<Program>;

/** The longest that a program may take to drain and close, in ms, by its `DRAIN_SECONDS`. */
export function longestStop(env: NodeJS.ProcessEnv): number {
  return (Number(env.DRAIN_SECONDS || 10) + 10) * 1000;
}

/**
 * Starts a program in this process and serves until `stop`, or until an error comes that nobody caught: then what the program still
 * does cannot be relied on, and it ends as soon as it is drained. Resolves to the process's exit status.
 */
export async function serveHere(
  start: Start,
  place: Place,
  on: { stop: Promise<void>; ready(url: string): void; fault(): void },
): Promise<number> {
  const fault = Promise.withResolvers<number>();
  let serving: Program | undefined;
  process.on("uncaughtException", (error, origin) => {
    if (!serving) {
      fault.reject(error);
      return;
    }
    serving.log.fatal({ err: error, event: { action: origin } }, "nobody caught this; the process drains and ends");
    setTimeout(() => process.exit(1), longestStop(place.env)).unref();
    on.fault();
    fault.resolve(1);
  });
  const stopped = on.stop.then(() => 0);
  const started = await Promise.race([start(place), stopped, fault.promise]);
  if (typeof started === "number") return started;
  serving = started;
  on.ready(started.url);
  const status = await Promise.race([stopped, fault.promise]);
  await started.close();
  return status;
}
