import { findProcessed, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Account, Registration } from "../account.ts";
import type { PasswordHashes } from "../passwords/password-hash.ts";
import { insertAccount } from "./account-queries.ts";
import type { Actor } from "./actor.ts";
import type { Note } from "./audit-notes.ts";
import { learnNewEmails, takenNames } from "./email-queries.ts";
import { checkedRegistration, normalUsername } from "./registration.ts";

/** Where the issuer records what it has done for which request. */
export const doneTable = "auth_done_requests";

/** How accounts are made. */
export interface NewAccounts {
  /** A new account, once for a keyed request; throws a `conflict` problem when the username or email is taken. */
  register(input: Registration, options?: { by?: Actor; request?: KeyedRequest | undefined }): Promise<Account>;
  /** As `register`, for the account that `ADMIN_USERNAME` names; does nothing when the username is taken. */
  makeFirstStaff(username: string, password: string): Promise<void>;
}

export function newAccounts(options: {
  pool: MysqlPool;
  hashes: PasswordHashes;
  note: Note;
  now: () => number;
}): NewAccounts {
  const { pool, hashes, note, now } = options;
  return {
    async register(input, { by, request } = {}) {
      const { username, email, password } = checkedRegistration(input);
      const madeBefore = () => findProcessed<Account>(mysqlProcessedRequests(pool, doneTable), request);
      const before = await madeBefore();
      if (before) return before;
      await learnNewEmails(pool);
      const taken = await takenNames(pool, username, email);
      if (taken.username || taken.email) throw conflict(taken);
      const passwordHash = await hashes.make(password);
      const joinedAt = new Date(now());
      const createdAt = joinedAt.toISOString();
      const account = (id: number): Account => ({ id, username, email, isStaff: false, createdAt });
      const row = { username, email, passwordHash, isStaff: false, joinedAt };
      const added = await insertAccount(pool, row, async (connection, id) => {
        await runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => account(id));
        await note(connection, { accountId: id, action: "registered" }, by);
      });
      const made = typeof added === "number" ? account(added) : await madeBefore();
      if (made) return made;
      throw conflict({ username: added === "username", email: added === "email" });
    },
    async makeFirstStaff(username, password) {
      const name = normalUsername(username);
      if ((await takenNames(pool, name, "")).username) return;
      const passwordHash = await hashes.make(password);
      const account = { username: name, email: "", passwordHash, isStaff: true, joinedAt: new Date(now()) };
      const accountId = await insertAccount(pool, account);
      if (typeof accountId === "number") await note(pool, { accountId, action: "first-staff-made" }, undefined);
    },
  };
}

function conflict(taken: { username: boolean; email: boolean }): Problem {
  const names = (["username", "email"] as const).filter((name) => taken[name]);
  const errors = names.map((path) => ({ path, message: "is taken" }));
  return new Problem("conflict", `This ${names.join(" and ")} ${names.length > 1 ? "are" : "is"} taken.`, { errors });
}
