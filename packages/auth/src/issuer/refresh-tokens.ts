import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { inMysqlTransaction, type MysqlPool } from "@quintet/db";
import { fullScope, publicClient } from "../tokens/access-token.ts";
import { findById, type StoredAccount } from "./account-queries.ts";
import { againOnDeadlock } from "./deadlock.ts";
import {
  insertFamily,
  lockToken,
  removeExpired,
  revokeFamily,
  revokeFamilyOf,
  succeedToken,
} from "./refresh-token-queries.ts";

const lifeMs = 30 * 24 * 3600_000;
const graceMs = 10_000;
const form = /^[A-Za-z0-9_-]{43}$/;

/**
 * Refresh tokens with rotation. Each is good once; the next follows from it by a keyed digest, so that a client that lost
 * the answer gets the same successor again within 10 s, though no token is stored. Later use of a used token means
 * that it was stolen: its whole family ends. A family ends 30 days after its last use. `now` is in ms.
 */
export function refreshTokens(pool: MysqlPool, key: Buffer, now: () => number) {
  const successorOf = (token: string) => createHmac("sha256", key).update(token).digest("base64url");
  return {
    /** The first token of a new family. */
    async start(accountId: number): Promise<string> {
      const token = randomBytes(32).toString("base64url");
      const createdAt = new Date(now());
      const expiresAt = new Date(now() + lifeMs);
      const family = { id: randomUUID(), accountId, clientId: publicClient, scope: fullScope, createdAt, expiresAt };
      await insertFamily(pool, family, hashOf(token));
      return token;
    },

    /** The successor and whose it is; `undefined` for a token that is unknown, spent, expired, revoked or of an inactive account. */
    async rotate(token: string): Promise<{ account: StoredAccount; token: string } | undefined> {
      if (!form.test(token)) return undefined;
      const used = hashOf(token);
      return againOnDeadlock(() =>
        inMysqlTransaction(pool, async (connection) => {
          const at = now();
          const found = await lockToken(connection, used);
          if (!found || found.revokedAt || found.expiresAt.getTime() <= at) return undefined;
          if (found.usedAt && at - found.usedAt.getTime() > graceMs) {
            await revokeFamily(connection, found.familyId, new Date(at));
            return undefined;
          }
          const account = await findById(connection, found.accountId);
          if (!account?.isActive) return undefined;
          const successor = successorOf(token);
          if (!found.usedAt) {
            const { familyId } = found;
            const times = { now: new Date(at), expiresAt: new Date(at + lifeMs) };
            await succeedToken(connection, { familyId, used, successor: hashOf(successor), ...times });
          }
          return { account, token: successor };
        }),
      );
    },

    /** Ends the family of a token; one that is unknown is as good as ended (RFC 7009 section 2.2). */
    async revoke(token: string): Promise<void> {
      if (form.test(token)) await revokeFamilyOf(pool, hashOf(token), new Date(now()));
    },

    /** Removes a few families that have expired. */
    removeExpired: () => removeExpired(pool, new Date(now())),
  };
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
