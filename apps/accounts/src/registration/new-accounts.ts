import type { Account, Registration } from "@quintet/auth";
import { findProcessed, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { insertAccount, processedRequestsTable } from "../accounts/account-queries.ts";
import { learnNewEmails, takenNames } from "../accounts/email-queries.ts";
import { normalizeUsername } from "../accounts/usernames.ts";
import type { Actor } from "../audit/actor.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { PasswordHashes } from "../passwords/password-hash.ts";
import type { RegistrationMode } from "./admission.ts";
import type { Invitations } from "./invitations.ts";
import { checkedRegistration } from "./registration.ts";

export interface AccountChoices {
  by?: Actor | undefined;
  request?: KeyedRequest | undefined;
  /** Whether staff creates it, which needs no invitation. */
  byStaff?: boolean;
}

/** The creation of accounts. */
export interface NewAccounts {
  /**
   * Creates an account, once for a request with an `Idempotency-Key`; the caller has checked `admission.ts`. A given invitation is
   * used up. Throws a `forbidden` problem for a missing or invalid invitation, before names are looked up, and a `conflict` problem
   * when the username or email is taken.
   */
  createAccount(input: Registration, choices?: AccountChoices): Promise<Account>;
  /** The account that a request with an `Idempotency-Key` has created; throws when the key belongs to another request. */
  createdFor(request: KeyedRequest | undefined): Promise<Account | undefined>;
  /** Creates the account of `ADMIN_USERNAME`; does nothing when the username is taken. */
  createFirstStaff(username: string, password: string): Promise<void>;
}

export function createNewAccounts(options: {
  pool: MysqlPool;
  hashes: PasswordHashes;
  mode: RegistrationMode;
  invitations: Invitations;
  note: Note;
  now: () => number;
}): NewAccounts {
  const { pool, hashes, mode, invitations, note, now } = options;
  const createdFor: NewAccounts["createdFor"] = (request) =>
    findProcessed(mysqlProcessedRequests(pool, processedRequestsTable), request);
  return {
    createdFor,
    async createAccount(input, { by, request, byStaff = false } = {}) {
      const { username, email, password, invitation } = checkedRegistration(input);
      const before = await createdFor(request);
      if (before) return before;
      if (invitation !== undefined) await invitations.check(invitation, email);
      else if (mode === "invite" && !byStaff) throw uninvited();
      await learnNewEmails(pool);
      const taken = await takenNames(pool, username, email);
      if (taken.username || taken.email) throw conflict(taken);
      const passwordHash = await hashes.make(password);
      const joinedAt = new Date(now());
      const createdAt = joinedAt.toISOString();
      const account = (id: number): Account => ({ id, username, email, isStaff: false, createdAt });
      const row = { username, email, passwordHash, isStaff: false, joinedAt };
      const added = await insertAccount(pool, row, async (connection, id) => {
        await runOnce(mysqlProcessedRequests(connection, processedRequestsTable), request, async () => account(id));
        const used = invitation === undefined ? undefined : await invitations.use(connection, invitation, email, id);
        const subject = used === undefined ? {} : { subject: `invitation ${used}` };
        await note(connection, { accountId: id, action: "registered", ...subject }, by);
      });
      const made = typeof added === "number" ? account(added) : await createdFor(request);
      if (made) return made;
      throw conflict({ username: added === "username", email: added === "email" });
    },
    async createFirstStaff(username, password) {
      const name = normalizeUsername(username);
      if ((await takenNames(pool, name, "")).username) return;
      const passwordHash = await hashes.make(password);
      const account = { username: name, email: "", passwordHash, isStaff: true, joinedAt: new Date(now()) };
      const accountId = await insertAccount(pool, account);
      if (typeof accountId === "number") await note(pool, { accountId, action: "first-staff-made" }, undefined);
    },
  };
}

function uninvited(): Problem {
  const errors = [{ path: "invitation", message: "is required: ask staff for one" }];
  return new Problem("forbidden", "An invitation is required to create an account. Ask staff for one.", { errors });
}

function conflict(taken: { username: boolean; email: boolean }): Problem {
  const names = (["username", "email"] as const).filter((name) => taken[name]);
  const errors = names.map((path) => ({ path, message: "is taken" }));
  return new Problem("conflict", `This ${names.join(" and ")} ${names.length > 1 ? "are" : "is"} taken.`, { errors });
}
