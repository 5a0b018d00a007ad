import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { OAuthError } from "@quintet/auth";
import { grantable, readScopes } from "@quintet/auth/issuer";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { findById, type StoredAccount } from "../accounts/account-queries.ts";
import type { Revocations } from "../revocation/revocations.ts";
import {
  findFollower,
  findToken,
  insertFamily,
  lockToken,
  replaceToken,
  revokeFamily,
  revokeFamilyOf,
  type SeenFrom,
  type StoredToken,
  succeedToken,
} from "./refresh-token-queries.ts";

const day = 24 * 3600_000;
/** How long a refresh token may stay unused. */
export const idleMs = 30 * day;
const sessionMs = 180 * day;
const graceMs = 10_000;
const form = /^[A-Za-z0-9_-]{43}$/;

/** An open session: its refresh token, and what its access tokens contain. */
export interface Session {
  id: string;
  clientId: string;
  scope: string;
  token: string;
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>;

/** The result of a rotation. */
export interface Refreshed {
  account: StoredAccount;
  session: Session;
  /** The scope of the access token: that of the session, or the requested part of it. */
  scope: string;
}

/**
 * Refresh tokens with rotation. Each works once; its successor is derived from it by a keyed digest, so that a client that lost the
 * response gets the same successor again although no token is stored: for 10 s, and after that until the successor was used. A
 * token that is used again later counts as stolen: its whole family ends (RFC 9700 section 4.14.2). A family ends 30 days after
 * its last use and 180 days after the sign-in. `now` is the wall clock in ms.
 */
export function createRefreshTokens(pool: MysqlPool, key: Buffer, revocations: Revocations, now: () => number) {
  const successorOf = (token: string) => createHmac("sha256", key).update(token).digest("base64url");
  /** Whether the successor of a used token may be returned again, since the response may have been lost. */
  const isLost = (usedAt: Date, follower: { usedAt: Date | null } | undefined, at: number) =>
    (follower !== undefined && follower.usedAt === null) || Math.abs(at - usedAt.getTime()) <= graceMs;
  return {
    /** Starts a family; returns `undefined` when the epoch of the account has changed since it was read. */
    async startIn(
      connection: MysqlConnection,
      account: StoredAccount,
      clientId: string,
      scope: string,
      from: SeenFrom = { address: null, userAgent: null },
    ): Promise<Session | undefined> {
      const token = randomBytes(32).toString("base64url");
      const createdAt = new Date(now());
      const expiresAt = new Date(now() + idleMs);
      const family = { id: randomUUID(), accountId: account.id, clientId, scope, createdAt, expiresAt, ...from };
      const added = await insertFamily(connection, family, account.epoch, hashOf(token));
      return added ? { id: family.id, clientId, scope, token } : undefined;
    },

    /** The stored data of a token that could be used now, without using it. */
    async find(token: string): Promise<(StoredToken & { account: StoredAccount }) | undefined> {
      const found = form.test(token) ? await findToken(pool, hashOf(token)) : undefined;
      if (!found || found.revokedAt || found.usedAt || found.expiresAt.getTime() <= now()) return undefined;
      const account = await findById(pool, found.accountId);
      return account?.isActive ? { ...found, account } : undefined;
    },

    /**
     * Uses a token, for an access token narrowed to `scope` if given. Returns `undefined` for a token of another client, an unknown,
     * used, expired or revoked one, or one of an inactive account; throws `invalid_scope` for a scope beyond the granted one.
     * A refused request leaves the token as it was.
     */
    async rotate(token: string, client: string, scope?: string): Promise<Refreshed | undefined> {
      if (!form.test(token)) return undefined;
      const used = hashOf(token);
      let next: Refreshed | undefined;
      await revocations.revoke(async (connection) => {
        next = undefined;
        const at = now();
        const found = await lockToken(connection, used);
        if (!found || found.revokedAt || found.expiresAt.getTime() <= at || found.clientId !== client) return [];
        const { familyId, clientId, usedAt } = found;
        const successor = successorOf(token);
        const hash = hashOf(successor);
        // Read under the lock of the family, which the use of the successor needs too.
        const follower = usedAt ? await findFollower(connection, familyId, usedAt, hash) : undefined;
        if (usedAt && !isLost(usedAt, follower, at)) {
          await revokeFamily(connection, familyId, new Date(at));
          return [{ kind: "session", subject: familyId, epoch: 0 }];
        }
        const account = await findById(connection, found.accountId);
        if (!account?.isActive) return [];
        const narrowed = scope === undefined ? found.scope : grantable(scope, readScopes(found.scope));
        if (narrowed === undefined) throw new OAuthError("invalid_scope", "The scope exceeds the granted one.");
        if (!usedAt) {
          const expiresAt = new Date(Math.min(at + idleMs, found.createdAt.getTime() + sessionMs));
          await succeedToken(connection, { familyId, used, successor: hash, now: new Date(at), expiresAt });
        } else if (follower?.usedAt === null && !follower.hash.equals(hash)) {
          // It was derived with another QUINTET_SECRET and cannot be derived again.
          await replaceToken(connection, follower.hash, hash);
        }
        next = { account, session: { id: familyId, clientId, scope: found.scope, token: successor }, scope: narrowed };
        return [];
      });
      return next;
    },

    /** Ends the family of a token and its access tokens; an unknown token is ignored (RFC 7009 section 2.2). */
    async revoke(token: string): Promise<void> {
      if (!form.test(token)) return;
      await revocations.revoke(async (connection) => {
        const family = await revokeFamilyOf(connection, hashOf(token), new Date(now()));
        return family === undefined ? [] : [{ kind: "session", subject: family, epoch: 0 }];
      });
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
