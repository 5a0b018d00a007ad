import type { IncomingMessage, ServerResponse } from "node:http";

/** A process of a remote app. */
export interface TargetState {
  origin: string;
  /** `unhealthy` by its health check, `ejected` after failed requests. */
  state: "healthy" | "unhealthy" | "ejected";
  inFlight: number;
}

/** An app as the gateway sees it, whether it runs in this process or behind HTTP. */
export interface Upstream {
  name: string;
  /** The path that the app owns, such as `/queue`. */
  prefix: string;
  /** Passes a client's request on, and the response back. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The processes that serve it behind HTTP; undefined for an app in this process. */
  targets?: () => TargetState[];
  /** A GET by the gateway itself, for health and documents; rejects when the app is unreachable. */
  get(path: string): Promise<Response>;
  close(): Promise<void>;
}
