import { randomBytes } from "node:crypto";
import { skewSeconds } from "@quintet/auth/issuer";
import type { MysqlPool } from "@quintet/db";
import { findById, insertAccount, type StoredAccount } from "../accounts/account-queries.ts";
import { learnNewEmails } from "../accounts/email-queries.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { ExternalClaims } from "./external-claims.ts";
import { correctEpochTime, epochChangedAt, findIdentity, insertIdentity } from "./external-identity-queries.ts";

const maxUsernameLength = 100;
const maxAttempts = 8;

/** The account of the person of a token, created if needed; `undefined` if it is deactivated or was signed out since. */
export type ExternalAccounts = (claims: ExternalClaims) => Promise<StoredAccount | undefined>;

/**
 * Accounts of people of other issuers. Each is a new account with an unusable password, never an existing one, whatever username or
 * email the token contains: otherwise the operator of an issuer could take over any account. `now` is the wall clock in ms.
 */
export function createExternalAccounts(options: { pool: MysqlPool; note: Note; now: () => number }): ExternalAccounts {
  const { pool, note, now } = options;
  const making = new Map<string, Promise<number>>();

  const make = async (claims: ExternalClaims): Promise<number> => {
    await learnNewEmails(pool);
    let email = claims.email ?? "";
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const joinedAt = new Date(now());
      const username = usernameFrom(claims.username, attempt);
      const account = { username, email, passwordHash: unusable(), isStaff: false, joinedAt };
      const added = await insertAccount(pool, account, async (connection, accountId) => {
        await insertIdentity(connection, claims, accountId, joinedAt);
        const subject = claims.issuer.slice(0, 255);
        await note(connection, { accountId, action: "outside-account-made", subject }, undefined);
      });
      if (typeof added === "number") return added;
      const other = await findIdentity(pool, claims);
      if (other !== undefined) return other; // Another process was first.
      if (added === "email") email = "";
    }
    throw new Error("No free username for an account of another issuer.");
  };
  const idOf = async (claims: ExternalClaims): Promise<number> => {
    const found = await findIdentity(pool, claims);
    if (found !== undefined) return found;
    const key = JSON.stringify([claims.issuer, claims.subject]);
    let running = making.get(key);
    if (!running) {
      running = make(claims).finally(() => making.delete(key));
      making.set(key, running);
    }
    return running;
  };
  return async (claims) => {
    const accountId = await idOf(claims);
    const [account, found] = await Promise.all([findById(pool, accountId), epochChangedAt(pool, accountId)]);
    let changedAt = found;
    if (changedAt > now() + skewSeconds * 1000) {
      // The clock was set back since: tokens that are issued from now on are valid.
      changedAt = now();
      await correctEpochTime(pool, accountId, new Date(changedAt));
    }
    if (!account?.isActive || claims.issuedAt * 1000 <= changedAt) return undefined;
    return { ...account, isStaff: account.isStaff || claims.isStaff };
  };
}

/** A hash that no password matches, in Django's format. */
function unusable(): string {
  return `!${randomBytes(30).toString("base64url")}`;
}

/** A username similar to that of the token, another one for each attempt; of an email only the part before the @. */
function usernameFrom(text: string, attempt: number): string {
  const [name = ""] = text.normalize("NFKC").split("@");
  const kept = [...name.replace(/[^\p{L}\p{N}_.+-]+/gu, "-")].slice(0, maxUsernameLength).join("");
  const base = /[\p{L}\p{N}]/u.test(kept) ? kept : "user";
  return attempt === 0 ? base : `${base}-${randomBytes(attempt + 1).toString("hex")}`;
}
