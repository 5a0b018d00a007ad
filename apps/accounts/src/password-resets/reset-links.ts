import { createHash, timingSafeEqual } from "node:crypto";
import { inMysqlTransaction, type MysqlConnection, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { findById, processedRequestsTable, replaceHash, type StoredAccount } from "../accounts/account-queries.ts";
import type { Actor } from "../audit/actor.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { PasswordHashes } from "../passwords/password-hash.ts";
import { checkedPassword } from "../passwords/password-rules.ts";
import type { Revocations } from "../revocation/revocations.ts";
import { endSignIns } from "../sessions/account-changes.ts";
import { isUnexpired } from "../tokens/expiry.ts";
import { oneTimeSecret } from "../tokens/one-time-secret.ts";
import { deleteResetsOf, findReset, insertReset } from "./reset-queries.ts";

const lifeMs = 30 * 60_000;
const form = /^[A-Za-z0-9_-]{43}$/;

/** A password reset link, shown only once; only a digest of its token is stored. */
export interface ResetLink {
  url: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/**
 * Links that work once, for 30 minutes, and only while the account is active and its password, email and epoch are unchanged.
 */
export interface ResetLinks {
  /** Creates a link that was requested for an account. */
  create(account: StoredAccount, by: Actor): Promise<ResetLink>;
  /** Creates a link for staff, once for a request with an `Idempotency-Key`; throws when the account is missing or deactivated. */
  createFor(accountId: number, by: Actor, request?: KeyedRequest): Promise<ResetLink>;
  isGood(token: string): Promise<boolean>;
  /**
   * Sets a new password; all sessions, tokens and other links end. Throws an `unprocessable` problem for an invalid link or
   * password.
   */
  use(token: string, password: string, by: Actor): Promise<void>;
}

/** Creates the reset links. `issuer` is their origin; `now` is the wall clock in ms. */
export function createResetLinks(options: {
  pool: MysqlPool;
  hashes: PasswordHashes;
  revocations: Revocations;
  /** The key that tokens of requests with an `Idempotency-Key` are derived with. */
  secretKey: Buffer;
  note: Note;
  issuer: string;
  now: () => number;
}): ResetLinks {
  const { pool, hashes, revocations, secretKey, note, issuer, now } = options;
  const find = async (token: string): Promise<StoredAccount | undefined> => {
    if (!form.test(token)) return undefined;
    const reset = await findReset(pool, hashOf(token));
    if (!reset || !isUnexpired(reset.expiresAt, lifeMs, now())) return undefined;
    const account = await findById(pool, reset.accountId);
    return account?.isActive && timingSafeEqual(stateOf(account), reset.state) ? account : undefined;
  };
  const add = async (
    connection: MysqlConnection,
    link: { account: StoredAccount; action: "reset-asked" | "reset-link-made"; by: Actor },
    tokenOf: (expiresAt: string) => string,
  ): Promise<string> => {
    const { account, action, by } = link;
    const expiresAt = new Date(now() + lifeMs);
    const reset = { accountId: account.id, state: stateOf(account), expiresAt };
    await insertReset(connection, hashOf(tokenOf(expiresAt.toISOString())), reset);
    await note(connection, { accountId: account.id, action }, by);
    return expiresAt.toISOString();
  };
  const linkOf = (token: string, expiresAt: string): ResetLink => ({
    url: `${issuer}/auth/new-password?token=${token}`,
    expiresAt,
  });
  return {
    async create(account, by) {
      const tokenOf = oneTimeSecret(secretKey, undefined);
      const expiresAt = await inMysqlTransaction(pool, (connection) =>
        add(connection, { account, action: "reset-asked", by }, tokenOf),
      );
      return linkOf(tokenOf(expiresAt), expiresAt);
    },
    async createFor(accountId, by, request) {
      const tokenOf = oneTimeSecret(secretKey, request?.key);
      const make = async (connection: MysqlConnection) => {
        const account = await findById(connection, accountId);
        if (!account) throw new Problem("not-found", "Account not found.");
        if (!account.isActive) throw new Problem("conflict", "The account is deactivated.");
        return add(connection, { account, action: "reset-link-made", by }, tokenOf);
      };
      const expiresAt = await inMysqlTransaction(pool, (connection) =>
        runOnce(mysqlProcessedRequests(connection, processedRequestsTable), request, () => make(connection)),
      );
      return linkOf(tokenOf(expiresAt), expiresAt);
    },
    isGood: async (token) => (await find(token)) !== undefined,
    async use(token, password, by) {
      const account = (await find(token)) ?? refuse();
      const passwordHash = await hashes.make(checkedPassword(password, "password"));
      await revocations.revoke(async (connection) => {
        // Of two concurrent uses only one finds the password that the link was created for.
        const changed = await replaceHash(connection, account.id, account.passwordHash, passwordHash);
        const current = await findById(connection, account.id);
        if (!changed || !current?.isActive || current.epoch !== account.epoch) return refuse();
        await deleteResetsOf(connection, account.id);
        await note(connection, { accountId: account.id, action: "password-reset" }, by);
        return [await endSignIns(connection, revocations, account.id, new Date(now()))];
      });
    },
  };
}

function refuse(): never {
  const message = "is invalid: it was used, has expired after 30 minutes, or the account has changed since";
  throw new Problem("unprocessable", `token: ${message}`, { errors: [{ path: "token", message }] });
}

function stateOf({ passwordHash, email, epoch }: StoredAccount): Buffer {
  return hashOf(JSON.stringify([passwordHash, email, epoch]));
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
