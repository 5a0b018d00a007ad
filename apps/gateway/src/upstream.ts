import type { IncomingMessage, ServerResponse } from "node:http";

/** A process of a remote app: whether it is asked, and how many requests it is answering. */
export interface TargetState {
  origin: string;
  state: "well" | "unwell" | "left out";
  underWay: number;
}

/** An app as the gateway sees it, whether it runs in this process or behind HTTP. */
export interface Upstream {
  name: string;
  /** The path that the app owns, such as `/queue`. */
  prefix: string;
  /** Passes a client's request on, untouched, and the answer back. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The processes behind HTTP that serve it; none for an app in this process. */
  targets?: () => TargetState[];
  /** A GET of the gateway's own, for health and documents; rejects when the app cannot be reached. */
  get(path: string): Promise<Response>;
  close(): Promise<void>;
}
