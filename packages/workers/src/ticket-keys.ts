import { randomBytes } from "node:crypto";

/** The keys of TLS session tickets: what `setTicketKeys` of Node's servers takes. One worker takes back what another gave out. */
export interface TicketKeys {
  now(): Buffer;
  /** Calls `use` with the next keys, and those after them. */
  follow(use: (keys: Buffer) => void): void;
}

/** Whoever has a key can read what was resumed with it (TLS 1.2), so none is kept for long, written down or derived from another. */
const everyMs = 60 * 60_000;

/** New random keys, in base64, and others every hour until `signal` aborts. */
export function makeTicketKeys(tell: (keys: string) => void, signal: AbortSignal): { now: string } {
  const make = () => randomBytes(48).toString("base64");
  const made = { now: make() };
  const timer = setInterval(() => {
    made.now = make();
    tell(made.now);
  }, everyMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return made;
}

/** The keys as a worker has them; `take` is called with what its parent tells. */
export function heardTicketKeys(first: string): TicketKeys & { take(keys: string): void } {
  let now = Buffer.from(first, "base64");
  const followers: ((keys: Buffer) => void)[] = [];
  return {
    now: () => now,
    follow: (use) => void followers.push(use),
    take(keys) {
      now = Buffer.from(keys, "base64");
      for (const use of followers) use(now);
    },
  };
}
