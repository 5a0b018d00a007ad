import { Problem } from "@quintet/http";
import { accessTokenSeconds } from "../tokens/access-token.ts";

/** Something that is not good any more: all tokens of an account below an epoch, those of one sign-in, or one token. */
export interface Revocation {
  kind: "account" | "session" | "token";
  /** The account's id, the sign-in's (`sid`), or the token's (`jti`). */
  subject: string;
  /** The account's epoch from now on; 0 for the other kinds. */
  epoch: number;
}

/** What a token says of itself. */
export interface TokenIdentity {
  accountId: number;
  epoch: number;
  session: string | undefined;
  tokenId: string;
}

/** How long a revocation matters: as long as a token that was made just before it, with all allowed skew. */
export const revocationMs = (accessTokenSeconds + 90) * 1000;

const firstNewsMs = 2000;
const changeMs = 2000;

/** What this process knows to be revoked. */
export interface RevokedTable {
  /** Grows whenever something new is revoked: what was good at this version needs no second look. */
  version(): number;
  add(revocation: Revocation): void;
  /** Whether nothing that is known revokes this token. */
  allows(token: TokenIdentity): boolean;
  /** The version at which an account's epoch changed the last time, as far as that is remembered; otherwise 0. */
  changedAt(accountId: number): number;
  /** Whether an account's epoch was heard to change within the last 2 s. */
  changedNow(accountId: number): boolean;
  /** Notes that everything revoked up to `at` (ms) is known here. */
  heard(at: number): void;
  /**
   * Throws a 503 when nothing was heard for longer than a token lives: one that was revoked meanwhile would pass.
   * Before the first news it waits for them, for 2 s.
   */
  mustBeCurrent(): void | Promise<void>;
  /** How many revocations are remembered. */
  size(): number;
}

/** An empty table. Each entry is forgotten once all tokens that it concerns have expired. `now` is in ms. */
export function revokedTable(now: () => number): RevokedTable {
  const known = new Map<string, { epoch: number; version: number; until: number }>();
  const first = Promise.withResolvers<void>();
  let version = 1;
  let heardAt = Number.NEGATIVE_INFINITY;

  const current = () => now() - heardAt <= revocationMs;
  const firstNews = async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, firstNewsMs);
    });
    await Promise.race([first.promise, late]).finally(() => clearTimeout(timer));
    if (!current()) throw unknownRevocations();
  };

  return {
    version: () => version,
    add({ kind, subject, epoch }) {
      const at = now();
      // Entries stand in the order of their ends.
      for (const [key, entry] of known) {
        if (entry.until > at) break;
        known.delete(key);
      }
      const key = `${kind} ${subject}`;
      const found = known.get(key);
      if (found && found.epoch >= epoch) return;
      known.delete(key);
      version++;
      known.set(key, { epoch, version, until: at + revocationMs });
    },
    allows({ accountId, epoch, session, tokenId }) {
      if (known.size === 0) return true;
      const account = known.get(`account ${accountId}`);
      if (account && epoch < account.epoch) return false;
      if (session !== undefined && known.has(`session ${session}`)) return false;
      return !known.has(`token ${tokenId}`);
    },
    changedAt: (accountId) => known.get(`account ${accountId}`)?.version ?? 0,
    changedNow(accountId) {
      const entry = known.get(`account ${accountId}`);
      return entry !== undefined && entry.until - revocationMs + changeMs > now();
    },
    heard(at) {
      if (at > heardAt) heardAt = at;
      first.resolve();
    },
    mustBeCurrent() {
      if (current()) return;
      if (heardAt === Number.NEGATIVE_INFINITY) return firstNews();
      throw unknownRevocations();
    },
    size: () => known.size,
  };
}

function unknownRevocations(): Problem {
  return new Problem("unavailable", "It cannot be known just now which tokens were revoked.", {
    headers: { "Retry-After": "2" },
  });
}
