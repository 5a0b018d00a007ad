import type { Revocation } from "@quintet/auth/issuer";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import { findById, replaceHash, setActive } from "../accounts/account-queries.ts";
import type { Actor } from "../audit/actor.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { LimitedCheck } from "../limits/login-limits.ts";
import type { PasswordHashes } from "../passwords/password-hash.ts";
import { checkedPassword } from "../passwords/password-rules.ts";
import type { Revocations } from "../revocation/revocations.ts";
import { revokeFamiliesOf, revokeFamily } from "../tokens/refresh-token-queries.ts";
import { findSession, type SessionRow, sessionsOf } from "./session-queries.ts";

/** Changes of an existing account. The sessions and tokens that a change concerns end with it. */
export interface AccountChanges {
  /**
   * Sets a new password; all sessions end. Throws a `forbidden` problem for a wrong current password, an `unprocessable` one for an
   * invalid new one. Returns false if the account does not exist.
   */
  changePassword(accountId: number, current: string, next: string, by: Actor): Promise<boolean>;
  /** Activates or deactivates an account (one's own: a `conflict` problem); returns false if it does not exist. */
  setActive(accountId: number, isActive: boolean, by: Actor): Promise<boolean>;
  /** Ends all sessions of an account, whether it exists or not. */
  endSessions(accountId: number, by: Actor): Promise<void>;
  /** Ends one session of an account; returns false if it has no open one with this id. */
  endSession(accountId: number, session: string, by: Actor): Promise<boolean>;
  /** The open sessions, the newest first; at most 100. */
  sessions(accountId: number): Promise<SessionRow[]>;
}

export function createAccountChanges(options: {
  pool: MysqlPool;
  hashes: PasswordHashes;
  revocations: Revocations;
  limited: LimitedCheck;
  note: Note;
  now: () => number;
}): AccountChanges {
  const { pool, hashes, revocations, limited, note, now } = options;
  const endAll = async (connection: MysqlConnection, accountId: number) => [
    await endSignIns(connection, revocations, accountId, new Date(now())),
  ];
  return {
    async changePassword(accountId, current, next, by) {
      const account = await findById(pool, accountId);
      if (!account) return false;
      const check = async () => ((await hashes.matches(account.passwordHash, current)) ? true : undefined);
      if (!(await limited(`change ${accountId}`, undefined, check))) {
        const errors = [{ path: "currentPassword", message: "is wrong" }];
        throw new Problem("forbidden", "The current password is wrong.", { errors });
      }
      const passwordHash = await hashes.make(checkedPassword(next, "newPassword"));
      await revocations.revoke(async (connection) => {
        const changed = await replaceHash(connection, accountId, account.passwordHash, passwordHash);
        if (!changed) throw new Problem("conflict", "The password was changed by another request.");
        await note(connection, { accountId, action: "password-changed" }, by);
        return endAll(connection, accountId);
      });
      return true;
    },
    async setActive(accountId, isActive, by) {
      if (!isActive && accountId === by.accountId) {
        throw new Problem("conflict", "You cannot deactivate your own account.");
      }
      let found = false;
      await revocations.revoke(async (connection) => {
        found = await setActive(connection, accountId, isActive);
        if (found) await note(connection, { accountId, action: isActive ? "activated" : "deactivated" }, by);
        return found && !isActive ? endAll(connection, accountId) : [];
      });
      return found || (await findById(pool, accountId)) !== undefined;
    },
    endSessions: (accountId, by) =>
      revocations.revoke(async (connection) => {
        await note(connection, { accountId, action: "sessions-ended" }, by);
        return endAll(connection, accountId);
      }),
    async endSession(accountId, session, by) {
      let ended = false;
      await revocations.revoke(async (connection) => {
        ended = await findSession(connection, accountId, session, new Date(now()));
        if (!ended) return [];
        await revokeFamily(connection, session, new Date(now()));
        await note(connection, { accountId, action: "session-ended", subject: session }, by);
        return [{ kind: "session", subject: session, epoch: 0 }];
      });
      return ended;
    },
    sessions: (accountId) => sessionsOf(pool, accountId, new Date(now())),
  };
}

/** Ends all sessions and tokens of an account, within `revocations.revoke`. */
export async function endSignIns(
  connection: MysqlConnection,
  revocations: Revocations,
  accountId: number,
  at: Date,
): Promise<Revocation> {
  const revocation = await revocations.revokeAll(connection, accountId);
  await revokeFamiliesOf(connection, accountId, at);
  return revocation;
}
