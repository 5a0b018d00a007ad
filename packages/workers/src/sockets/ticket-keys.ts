import { randomBytes } from "node:crypto";

/** The keys of TLS session tickets, as `setTicketKeys` of Node's servers takes them. Every worker can resume the sessions of the others. */
export interface TicketKeys {
  current(): Buffer;
  /** Calls `use` whenever the keys are replaced. */
  onChange(use: (keys: Buffer) => void): void;
}

/** A key can decrypt the sessions that were resumed with it (TLS 1.2), so it is short-lived, never stored and never derived from another. */
const rotationMs = 60 * 60_000;

/** Creates random keys, in base64, and replaces them every hour until `signal` aborts. */
export function rotateTicketKeys(onRotate: (keys: string) => void, signal: AbortSignal): { current: string } {
  const make = () => randomBytes(48).toString("base64");
  const keys = { current: make() };
  const timer = setInterval(() => {
    keys.current = make();
    onRotate(keys.current);
  }, rotationMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return keys;
}

/** A worker's copy of the keys; `replace` is called with the keys that its parent sends. */
export function receivedTicketKeys(first: string): TicketKeys & { replace(keys: string): void } {
  let now = Buffer.from(first, "base64");
  const listeners: ((keys: Buffer) => void)[] = [];
  return {
    current: () => now,
    onChange: (use) => void listeners.push(use),
    replace(keys) {
      now = Buffer.from(keys, "base64");
      for (const use of listeners) use(now);
    },
  };
}
