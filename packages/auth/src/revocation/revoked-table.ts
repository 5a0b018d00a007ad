import { deadline, Problem } from "@quintet/http";
import { accessTokenSeconds } from "../access-token.ts";

/** A revocation: of all tokens of an account below an epoch, of those of one session, or of one token. */
export interface Revocation {
  kind: "account" | "session" | "token";
  /** The id of the account, of the session (`sid`), or of the token (`jti`). */
  subject: string;
  /** The new epoch of the account; 0 for the other kinds. */
  epoch: number;
  /** When the token expires (ms), if that may be later than for one issued now, since a clock was ahead. */
  tokensEndAt?: number;
}

/** The claims of a token by which it can be revoked. */
export interface TokenIdentity {
  accountId: number;
  epoch: number;
  session: string | undefined;
  tokenId: string;
}

/** How long a revocation is kept: the lifetime of a token that was issued just before it, with all allowed skew. */
export const revocationSeconds = accessTokenSeconds + 90;

/**
 * The promise is that two seconds after a revocation no process accepts what was revoked. A process that has not been up to date
 * for this time (ms) closes: it accepts nothing at all.
 */
const closesAfterMs = 1750;

/** How long a check waits for an update in a process that has just started, or has just closed, in ms. */
const firstUpdateMs = 2000;
const nextUpdateMs = 200;
const pollMs = 100;
const keptLongerMs = 60_000;

/** The revocations that this process knows. */
export interface RevokedTable {
  /** Increases with every new revocation: what was valid at this version needs no second check. */
  version(): number;
  /** Adds a revocation; returns whether it is new. */
  add(revocation: Revocation): boolean;
  /** The revocations that were added after a version. */
  since(version: number): Revocation[];
  /** Whether no known revocation concerns this token. */
  allows(token: TokenIdentity): boolean;
  /** The version at which an account's epoch last changed, as far as that is still known; otherwise 0. */
  changedAt(accountId: number): number;
  /** Whether an account's epoch changed so recently that another process may not know it yet. */
  changedRecently(accountId: number): boolean;
  /** Records that every revocation up to `at` (of `performance.now()`) is known here. */
  markCurrent(at: number): void;
  /** How long ago this process was last up to date, in ms. */
  age(): number;
  /** Whether this process has been up to date within `closesAfterMs`. */
  isCurrent(): boolean;
  /**
   * Throws a 503 when this process has not been up to date for `closesAfterMs`. One that has just started, or was itself stopped,
   * first waits for an update.
   */
  ensureCurrent(): void | Promise<void>;
  /** Resolves to the result of `work`; rejects with that 503 when the process closes in the meantime. */
  whileCurrent<T>(work: Promise<T>): Promise<T>;
  /** The number of known revocations. */
  size(): number;
}

/**
 * Creates an empty table. An entry is dropped once all tokens that it concerns have expired, by the wall clock `now` and by the
 * monotonic clock `elapsed`, both in ms.
 */
export function createRevokedTable(now: () => number, elapsed = () => performance.now()): RevokedTable {
  const known = new Map<string, Revocation & { version: number; addedAt: number; forgetAt: number; until: number }>();
  let version = 1;
  let currentAt = Number.NEGATIVE_INFINITY;
  let update = Promise.withResolvers<void>();
  let closedAt: number | undefined;

  const isCurrent = () => elapsed() - currentAt <= closesAfterMs;
  const waitForUpdate = async (ms: number) => {
    await deadline(update.promise, ms, () => undefined);
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
    isCurrent,
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
      currentAt = Math.max(currentAt, at);
      if (!isCurrent()) return;
      closedAt = undefined;
      update.resolve();
      update = Promise.withResolvers();
    },
    age: () => Math.max(0, elapsed() - currentAt),
    ensureCurrent() {
      if (isCurrent()) return;
      const at = elapsed();
      closedAt ??= at;
      const waitMs = currentAt === Number.NEGATIVE_INFINITY ? firstUpdateMs : nextUpdateMs;
      if (at - closedAt >= waitMs) throw unknownRevocations();
      return waitForUpdate(waitMs - (at - closedAt));
    },
    whileCurrent: (work) =>
      new Promise((resolve, reject) => {
        let isClosed = false;
        const timer = setInterval(() => {
          // Twice: after this process was stopped, updates arrive behind the timers.
          if (isClosed && !isCurrent()) reject(unknownRevocations());
          isClosed = !isCurrent();
        }, pollMs);
        const over = () => clearInterval(timer);
        work.then(resolve, reject).then(over, over);
      }),
    size: () => known.size,
  };
}

/** The accounts whose epochs have changed after a version, and the version of now. */
export function changedAccounts(table: RevokedTable, since: number): { ids: number[]; version: number } {
  const version = table.version();
  const ids = table.since(since).flatMap(({ kind, subject }) => (kind === "account" ? [Number(subject)] : []));
  return { ids, version };
}

function unknownRevocations(): Problem {
  return new Problem("unavailable", "Revocations cannot be checked at the moment.", {
    headers: { "Retry-After": "2" },
  });
}
