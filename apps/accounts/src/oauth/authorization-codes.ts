import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { MysqlPool } from "@quintet/db";
import { findById, type StoredAccount } from "../accounts/account-queries.ts";
import type { Actor } from "../audit/actor.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { Revocations } from "../revocation/revocations.ts";
import { isUnexpired } from "../tokens/expiry.ts";
import { revokeFamily } from "../tokens/refresh-token-queries.ts";
import type { RefreshTokens, Session } from "../tokens/refresh-tokens.ts";
import { type Consent, insertCode, lockCode, useCode } from "./authorization-code-queries.ts";

const lifeMs = 60_000;
const codeForm = /^[A-Za-z0-9_-]{43}$/;
// RFC 7636 section 4.1.
const verifierForm = /^[A-Za-z0-9._~-]{43,128}$/;

/** Authorization codes: valid once, for 60 s, for the client, redirect URI and verifier that they were issued for. */
export interface Codes {
  issue(consent: Consent, by: Actor): Promise<string>;
  /**
   * Starts the session of a code; `undefined` when it is invalid. A code that is used twice counts as stolen: the session that it
   * started ends (RFC 6749 section 4.1.2).
   */
  redeem(
    code: string,
    by: { clientId: string; redirectUri: string; verifier: string },
  ): Promise<{ account: StoredAccount; session: Session } | undefined>;
}

export function createAuthorizationCodes(
  pool: MysqlPool,
  refresh: RefreshTokens,
  revocations: Revocations,
  note: Note,
  now: () => number,
): Codes {
  return {
    async issue(consent, by) {
      const code = randomBytes(32).toString("base64url");
      const expiresAt = new Date(now() + lifeMs);
      await insertCode(pool, hashOf(code), { ...consent, expiresAt, familyId: null });
      await note(pool, { accountId: consent.accountId, action: "consented", subject: consent.clientId }, by);
      return code;
    },
    async redeem(code, { clientId, redirectUri, verifier }) {
      if (!codeForm.test(code)) return undefined;
      let begun: { account: StoredAccount; session: Session } | undefined;
      await revocations.revoke(async (connection) => {
        begun = undefined;
        const found = await lockCode(connection, hashOf(code));
        if (!found || found.clientId !== clientId) return [];
        if (found.familyId !== null) {
          await revokeFamily(connection, found.familyId, new Date(now()));
          return [{ kind: "session", subject: found.familyId, epoch: 0 }];
        }
        if (!isUnexpired(found.expiresAt, lifeMs, now()) || found.redirectUri !== redirectUri) return [];
        if (!verifierForm.test(verifier) || !isChallengeOf(found.challenge, verifier)) return [];
        const account = await findById(connection, found.accountId);
        if (!account?.isActive || account.epoch !== found.epoch) return [];
        const session = await refresh.startIn(connection, account, clientId, found.scope);
        if (!session) return [];
        await useCode(connection, hashOf(code), session.id);
        begun = { account, session };
        return [];
      });
      return begun;
    },
  };
}

function hashOf(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}

function isChallengeOf(challenge: string, verifier: string): boolean {
  const made = Buffer.from(createHash("sha256").update(verifier).digest("base64url"));
  return made.length === challenge.length && timingSafeEqual(made, Buffer.from(challenge));
}
