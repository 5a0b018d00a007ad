import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { Revocations } from "../revocation/revocations.ts";
import { findById, type StoredAccount } from "./account-queries.ts";
import {
  findToken,
  insertFamily,
  lockToken,
  removeExpired,
  revokeFamily,
  revokeFamilyOf,
  type StoredToken,
  succeedToken,
} from "./refresh-token-queries.ts";

const day = 24 * 3600_000;
const idleMs = 30 * day;
const sessionMs = 180 * day;
const graceMs = 10_000;
const removeEachMs = 1000;
const form = /^[A-Za-z0-9_-]{43}$/;

/** A sign-in that goes on: its refresh token, and what its access tokens are made of. */
export interface Session {
  id: string;
  clientId: string;
  scope: string;
  token: string;
}

export type RefreshTokens = ReturnType<typeof refreshTokens>;

/**
 * Refresh tokens with rotation. Each is good once; the next follows from it by a keyed digest, so that a client that lost
 * the answer gets the same successor again within 10 s, though no token is stored. Later use of a used token means
 * that it was stolen: its whole family ends. A family ends 30 days after its last use, and 180 days after its beginning
 * whatever happens. `now` is in ms.
 */
export function refreshTokens(pool: MysqlPool, key: Buffer, revocations: Revocations, now: () => number) {
  const successorOf = (token: string) => createHmac("sha256", key).update(token).digest("base64url");
  let removedAt = Number.NEGATIVE_INFINITY;
  return {
    /** A new family; `undefined` when the account's epoch has moved on since it was read. */
    async startIn(
      connection: MysqlConnection,
      account: StoredAccount,
      clientId: string,
      scope: string,
    ): Promise<Session | undefined> {
      const token = randomBytes(32).toString("base64url");
      const createdAt = new Date(now());
      const expiresAt = new Date(now() + idleMs);
      const family = { id: randomUUID(), accountId: account.id, clientId, scope, createdAt, expiresAt };
      const added = await insertFamily(connection, family, account.epoch, hashOf(token));
      return added ? { id: family.id, clientId, scope, token } : undefined;
    },

    /** What a token that could be used now says, without using it. */
    async find(token: string): Promise<(StoredToken & { account: StoredAccount }) | undefined> {
      const found = form.test(token) ? await findToken(pool, hashOf(token)) : undefined;
      if (!found || found.revokedAt || found.usedAt || found.expiresAt.getTime() <= now()) return undefined;
      const account = await findById(pool, found.accountId);
      return account?.isActive ? { ...found, account } : undefined;
    },

    /** The successor and whose it is; `undefined` for a token that is another client's, unknown, spent, expired, revoked or of an inactive account. */
    async rotate(token: string, client: string): Promise<{ account: StoredAccount; session: Session } | undefined> {
      if (!form.test(token)) return undefined;
      const used = hashOf(token);
      let next: { account: StoredAccount; session: Session } | undefined;
      await revocations.revoke(async (connection) => {
        next = undefined;
        const at = now();
        const found = await lockToken(connection, used);
        if (!found || found.revokedAt || found.expiresAt.getTime() <= at) return [];
        const { familyId, clientId, scope } = found;
        if (clientId !== client) return [];
        if (found.usedAt && at - found.usedAt.getTime() > graceMs) {
          await revokeFamily(connection, familyId, new Date(at));
          return [{ kind: "session", subject: familyId, epoch: 0 }];
        }
        const account = await findById(connection, found.accountId);
        if (!account?.isActive) return [];
        const successor = successorOf(token);
        if (!found.usedAt) {
          const expiresAt = new Date(Math.min(at + idleMs, found.createdAt.getTime() + sessionMs));
          await succeedToken(connection, {
            familyId,
            used,
            successor: hashOf(successor),
            now: new Date(at),
            expiresAt,
          });
        }
        next = { account, session: { id: familyId, clientId, scope, token: successor } };
        return [];
      });
      return next;
    },

    /** Ends the family of a token, its access tokens too; one that is unknown is as good as ended (RFC 7009 section 2.2). */
    async revoke(token: string): Promise<void> {
      if (!form.test(token)) return;
      await revocations.revoke(async (connection) => {
        const family = await revokeFamilyOf(connection, hashOf(token), new Date(now()));
        return family === undefined ? [] : [{ kind: "session", subject: family, epoch: 0 }];
      });
    },

    /** Removes some families that have expired, once in a while: with every sign-in it would be a statement more. */
    async removeExpired(): Promise<void> {
      const at = now();
      if (at - removedAt < removeEachMs) return;
      removedAt = at;
      await removeExpired(pool, new Date(at));
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
