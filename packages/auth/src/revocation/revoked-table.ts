import { deadline, Problem } from "@quintet/http";
import { accessTokenSeconds } from "../access-token.ts";

/** Something that is not good any more: all tokens of an account below an epoch, those of one sign-in, or one token. */
export interface Revocation {
  kind: "account" | "session" | "token";
  /** The account's id, the sign-in's (`sid`), or the token's (`jti`). */
  subject: string;
  /** The account's epoch from now on; 0 for the other kinds. */
  epoch: number;
  /** When a token ends (ms), where that may be later than for one made now: a clock was ahead. */
  tokensEndAt?: number;
}

/** What a token says of itself. */
export interface TokenIdentity {
  accountId: number;
  epoch: number;
  session: string | undefined;
  tokenId: string;
}

/** How long a revocation matters: as long as a token that was made just before it, with all allowed skew. */
export const revocationSeconds = accessTokenSeconds + 90;

/**
 * The promise is two seconds: so long after a revocation no process takes what was revoked. One that heard nothing for this time, in
 * ms, closes: it takes nothing at all.
 */
const closesAfterMs = 1750;

/** How long a check waits for news in a process that just started, or just noticed that it has none, in ms. */
const firstNewsMs = 2000;
const nextNewsMs = 200;
const lookMs = 100;
const keptLongerMs = 60_000;

/** What this process knows to be revoked. */
export interface RevokedTable {
  /** Grows whenever something new is revoked: what was good at this version needs no second look. */
  version(): number;
  /** Whether this was not known before. */
  add(revocation: Revocation): boolean;
  /** What was added after a version. */
  since(version: number): Revocation[];
  /** Whether nothing that is known revokes this token. */
  allows(token: TokenIdentity): boolean;
  /** The version at which an account's epoch changed the last time, as far as that is remembered; otherwise 0. */
  changedAt(accountId: number): number;
  /** Whether an account's epoch was heard to change so recently that another process may not know it yet. */
  changedRecently(accountId: number): boolean;
  /** Notes that everything revoked up to `at` (of `performance.now()`) is known here. */
  markCurrent(at: number): void;
  /** How long ago everything that was revoked was known here, in ms. */
  age(): number;
  /**
   * Throws a 503 when nothing was heard for `closesAfterMs`, since what was revoked meanwhile would pass. A process that has just
   * started, or stood still itself, waits for news first.
   */
  ensureCurrent(): void | Promise<void>;
  /** What `work` comes to; rejects with that 503 when nothing is heard while it goes on. */
  whileCurrent<T>(work: Promise<T>): Promise<T>;
  /** How many revocations are remembered. */
  size(): number;
}

/**
 * An empty table. Each entry is forgotten once all tokens that it concerns have expired, by the clock on the wall and by one that
 * is never set: `now` and `elapsed`, in ms.
 */
export function createRevokedTable(now: () => number, elapsed = () => performance.now()): RevokedTable {
  const known = new Map<string, Revocation & { version: number; addedAt: number; forgetAt: number; until: number }>();
  let version = 1;
  let heardAt = Number.NEGATIVE_INFINITY;
  let news = Promise.withResolvers<void>();
  let closedAt: number | undefined;

  const isCurrent = () => elapsed() - heardAt <= closesAfterMs;
  const waitForNews = async (ms: number) => {
    await deadline(news.promise, ms, () => undefined);
    if (!isCurrent()) throw unknownRevocations();
  };
  const forget = () => {
    const [at, wall] = [elapsed(), now()];
    // They stand in the order in which they are to be forgotten.
    for (const [key, entry] of known) {
      if (entry.forgetAt > at) break;
      known.delete(key);
      // The clock was set back: tokens of before may become good again.
      if (entry.until > wall) known.set(key, { ...entry, forgetAt: at + keptLongerMs });
    }
  };

  return {
    version: () => version,
    add({ kind, subject, epoch }) {
      forget();
      const key = `${kind} ${subject}`;
      const found = known.get(key);
      if (found && found.epoch >= epoch) return false;
      known.delete(key);
      version++;
      const addedAt = elapsed();
      const lifeMs = revocationSeconds * 1000;
      known.set(key, { kind, subject, epoch, version, addedAt, forgetAt: addedAt + lifeMs, until: now() + lifeMs });
      return true;
    },
    since: (from) =>
      [...known.values()].flatMap(({ kind, subject, epoch, version }) =>
        version > from ? [{ kind, subject, epoch }] : [],
      ),
    allows({ accountId, epoch, session, tokenId }) {
      if (known.size === 0) return true;
      const account = known.get(`account ${accountId}`);
      if (account && epoch < account.epoch) return false;
      if (session !== undefined && known.has(`session ${session}`)) return false;
      return !known.has(`token ${tokenId}`);
    },
    changedAt: (accountId) => known.get(`account ${accountId}`)?.version ?? 0,
    changedRecently(accountId) {
      const entry = known.get(`account ${accountId}`);
      return entry !== undefined && elapsed() - entry.addedAt < closesAfterMs;
    },
    markCurrent(at) {
      heardAt = Math.max(heardAt, at);
      if (!isCurrent()) return;
      closedAt = undefined;
      news.resolve();
      news = Promise.withResolvers();
    },
    age: () => Math.max(0, elapsed() - heardAt),
    ensureCurrent() {
      if (isCurrent()) return;
      const at = elapsed();
      closedAt ??= at;
      const waitMs = heardAt === Number.NEGATIVE_INFINITY ? firstNewsMs : nextNewsMs;
      if (at - closedAt >= waitMs) throw unknownRevocations();
      return waitForNews(waitMs - (at - closedAt));
    },
    whileCurrent: (work) =>
      new Promise((resolve, reject) => {
        let isClosed = false;
        const timer = setInterval(() => {
          // Twice: after this process itself stood still the news come behind the timers.
          if (isClosed && !isCurrent()) reject(unknownRevocations());
          isClosed = !isCurrent();
        }, lookMs);
        const over = () => clearInterval(timer);
        work.then(resolve, reject).then(over, over);
      }),
    size: () => known.size,
  };
}

function unknownRevocations(): Problem {
  return new Problem("unavailable", "It cannot be known just now which tokens and passwords were revoked.", {
    headers: { "Retry-After": "2" },
  });
}
