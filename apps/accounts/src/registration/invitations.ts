import { createHash } from "node:crypto";
import { inMysqlTransaction, type MysqlConnection, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem, wholeNumber } from "@quintet/http";
import { z } from "zod";
import { processedRequestsTable } from "../accounts/account-queries.ts";
import type { Actor } from "../audit/actor.ts";
import type { Note } from "../audit/audit-notes.ts";
import { oneTimeSecret } from "../tokens/one-time-secret.ts";
import {
  findInvitation,
  insertInvitation,
  isValid,
  listInvitations,
  revokeInvitation,
  type StoredInvitation,
  useInvitation,
} from "./invitation-queries.ts";

const dayMs = 24 * 3600_000;
const form = /^[A-Za-z0-9_-]{43}$/;

/** The id of an invitation, an unsigned 32-bit column. */
export const invitationIdSchema = wholeNumber(1, 2 ** 32 - 1);

/** The rules for a new invitation. */
export const newInvitationSchema = z.strictObject({
  email: z.email("must be an email address").max(254).optional(),
  days: z.number().int().min(1).max(365).default(7),
});

/** The state of an invitation. */
export type InvitationState = "open" | "used" | "revoked" | "expired";

/** An invitation with its state. */
export interface Invitation extends StoredInvitation {
  state: InvitationState;
}

/** Invitations to create an account: valid once, until they expire. Only digests of their tokens are stored. */
export interface Invitations {
  /** Creates an invitation, once for a request with an `Idempotency-Key`. Its token is shown only in the response. */
  create(
    input: z.output<typeof newInvitationSchema>,
    madeBy: number,
    by: Actor,
    request?: KeyedRequest,
  ): Promise<{ invitation: Invitation; token: string; url: string }>;
  list(page: { beforeId: number; limit: number }): Promise<Invitation[]>;
  /** Revokes an unused invitation; throws a `not-found` problem when there is none, a `conflict` when it was used. */
  revoke(id: number, by: Actor): Promise<void>;
  /** Throws a `forbidden` problem unless a token is valid for this email. */
  check(token: string, email: string): Promise<void>;
  /** Uses an invitation for an account, in the transaction that creates it; returns its id. Throws as `check`. */
  use(connection: MysqlConnection, token: string, email: string, accountId: number): Promise<number>;
}

/** Creates the invitations. `issuer` is the origin of their links; `now` is the wall clock in ms. */
export function createInvitations(options: {
  pool: MysqlPool;
  /** The key that tokens of requests with an `Idempotency-Key` are derived with. */
  secretKey: Buffer;
  note: Note;
  issuer: string;
  now: () => number;
}): Invitations {
  const { pool, secretKey, note, issuer, now } = options;
  const withState = (stored: StoredInvitation): Invitation => {
    const { usedAt, revokedAt, expiresAt } = stored;
    const over = expiresAt.getTime() <= now() ? "expired" : "open";
    return { ...stored, state: usedAt ? "used" : revokedAt ? "revoked" : over };
  };
  return {
    async create({ email, days }, madeBy, by, request) {
      const tokenOf = oneTimeSecret(secretKey, request?.key);
      const invited = { email: email?.toLowerCase() ?? null, madeBy };
      const timesOf = (at: number) => ({ createdAt: new Date(at), expiresAt: new Date(at + days * dayMs) });
      const tokenAt = (at: number) => tokenOf(`invitation ${at}`);
      const add = async (connection: MysqlConnection) => {
        const at = now();
        const id = await insertInvitation(connection, { tokenHash: hashOf(tokenAt(at)), ...invited, ...timesOf(at) });
        await note(connection, { accountId: null, action: "invitation-made", subject: String(id) }, by);
        return { id, at };
      };
      const { id, at } = await inMysqlTransaction(pool, (connection) =>
        runOnce(mysqlProcessedRequests(connection, processedRequestsTable), request, () => add(connection)),
      );
      const fresh = { revokedAt: null, usedAt: null, accountId: null, state: "open" as const };
      const token = tokenAt(at);
      return {
        invitation: { id, ...invited, ...timesOf(at), ...fresh },
        token,
        url: `${issuer}/auth/sign-up?invitation=${token}`,
      };
    },
    list: async (page) => (await listInvitations(pool, page)).map(withState),
    async revoke(id, by) {
      const revoked = await inMysqlTransaction(pool, async (connection) => {
        const found = await revokeInvitation(connection, id, new Date(now()));
        if (found) await note(connection, { accountId: null, action: "invitation-revoked", subject: String(id) }, by);
        return found;
      });
      if (revoked) return;
      const found = await findInvitation(pool, id);
      if (!found) throw new Problem("not-found", "Invitation not found.");
      if (found.usedAt) throw new Problem("conflict", "The invitation has already been used.");
    },
    async check(token, email) {
      if (!form.test(token) || !(await isValid(pool, hashOf(token), email, new Date(now())))) refuse();
    },
    async use(connection, token, email, accountId) {
      const used = { email, accountId, now: new Date(now()) };
      return (await useInvitation(connection, hashOf(token), used)) ?? refuse();
    },
  };
}

function refuse(): never {
  const message = "is invalid: it was used or revoked, has expired, or is for another email";
  throw new Problem("forbidden", `invitation: ${message}`, { errors: [{ path: "invitation", message }] });
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
