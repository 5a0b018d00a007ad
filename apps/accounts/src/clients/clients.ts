import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { OAuthError } from "@quintet/auth";
import { inMysqlTransaction, type MysqlConnection, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { z } from "zod";
import { processedRequestsTable } from "../accounts/account-queries.ts";
import type { Actor } from "../audit/actor.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { Revocations } from "../revocation/revocations.ts";
import { oneTimeSecret } from "../tokens/one-time-secret.ts";
import {
  type ApiClient,
  clientsOf,
  deleteClient,
  findClient,
  insertClient,
  revokeFamiliesOfClient,
} from "./client-queries.ts";
import type { newClientSchema } from "./new-client.ts";

const maxClients = 50;
const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The API clients of accounts. */
export interface Clients {
  /**
   * Creates a client, once for a request with an `Idempotency-Key`, and the secret of a confidential one, which is shown only in the
   * response. Throws a `conflict` problem beyond 50.
   */
  add(
    accountId: number,
    input: z.output<typeof newClientSchema>,
    by: Actor,
    request?: KeyedRequest,
  ): Promise<{ client: ApiClient; secret: string | undefined }>;
  list(accountId: number): Promise<ApiClient[]>;
  /** Deletes a client and ends its sessions and tokens; returns false if the account has none with this id. */
  remove(accountId: number, id: string, by: Actor): Promise<boolean>;
  find(id: string): Promise<ApiClient | undefined>;
  /**
   * Authenticates the client of a request to the token, revocation or introspection endpoint (RFC 6749 section 2.3.1); `undefined`
   * when it names none. Throws `invalid_client` for wrong credentials.
   */
  authenticate(authorization: string | undefined, fields: Map<string, string>): Promise<ApiClient | undefined>;
}

export function createClients(options: {
  pool: MysqlPool;
  revocations: Revocations;
  publicClient: string;
  /** The client of the documentation pages, which is not registered. */
  ownClient: ApiClient;
  /** The key that secrets of requests with an `Idempotency-Key` are derived with. */
  secretKey: Buffer;
  note: Note;
  now: () => number;
}): Clients {
  const { pool, revocations, publicClient, ownClient, secretKey, note, now } = options;
  const find = async (id: string) => {
    if (id === ownClient.id) return ownClient;
    return form.test(id) ? findClient(pool, id) : undefined;
  };
  return {
    async add(accountId, { name, redirectUris, scope, confidential }, by, request) {
      const secretOf = oneTimeSecret(secretKey, request?.key);
      const clientOf = ({ id, at }: { id: string; at: number }) => {
        const secret = confidential ? secretOf(id) : undefined;
        const secretHash = secret === undefined ? null : hashOf(secret);
        return { secret, client: { id, accountId, name, secretHash, redirectUris, scope, createdAt: new Date(at) } };
      };
      const add = async (connection: MysqlConnection) => {
        if ((await clientsOf(connection, accountId)).length >= maxClients) {
          throw new Problem("conflict", `An account can have at most ${maxClients} API clients.`);
        }
        const made = { id: randomUUID(), at: now() };
        await insertClient(connection, clientOf(made).client);
        await note(connection, { accountId, action: "client-added", subject: made.id }, by);
        return made;
      };
      return clientOf(
        await inMysqlTransaction(pool, (connection) =>
          runOnce(mysqlProcessedRequests(connection, processedRequestsTable), request, () => add(connection)),
        ),
      );
    },
    list: (accountId) => clientsOf(pool, accountId),
    async remove(accountId, id, by) {
      let removed = false;
      await revocations.revoke(async (connection) => {
        removed = await deleteClient(connection, accountId, id);
        if (!removed) return [];
        await note(connection, { accountId, action: "client-removed", subject: id }, by);
        const ended = await revokeFamiliesOfClient(connection, id, new Date(now()));
        // The client's own tokens have its id as their session.
        return [id, ...ended].map((subject) => ({ kind: "session" as const, subject, epoch: 0 }));
      });
      return removed;
    },
    find,
    async authenticate(authorization, fields) {
      const basic = authorization === undefined ? undefined : basicCredentials(authorization);
      const id = basic?.id ?? fields.get("client_id");
      const secret = basic?.secret ?? fields.get("client_secret");
      if (basic && (fields.has("client_secret") || (fields.get("client_id") ?? basic.id) !== basic.id)) {
        throw new OAuthError("invalid_request", "The client must use only one authentication method.");
      }
      if (id === undefined || (id === publicClient && secret === undefined)) return undefined;
      const client = await find(id);
      const proven =
        client?.secretHash === null
          ? secret === undefined
          : client !== undefined && secret !== undefined && timingSafeEqual(client.secretHash, hashOf(secret));
      if (!client || !proven) throw new OAuthError("invalid_client", "The client is unknown or its secret is wrong.");
      return client;
    },
  };
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/**
 * Reads `client_secret_basic`: both halves are form-encoded before they are joined, and an empty secret means none (RFC 6749 section
 * 2.3.1). Programs with a field for a client send `Basic Og==` when it is empty, which means no client.
 */
function basicCredentials(authorization: string): { id: string; secret: string | undefined } | undefined {
  const [scheme = "", value = ""] = authorization.split(" ");
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (scheme.toLowerCase() !== "basic") return undefined;
  if (colon < 0) throw new OAuthError("invalid_client", "The Basic credentials are malformed.");
  const decoded = (part: string) => new URLSearchParams(`a=${part.replaceAll("&", "%26")}`).get("a") ?? "";
  if (text === ":") return undefined;
  return { id: decoded(text.slice(0, colon)), secret: decoded(text.slice(colon + 1)) || undefined };
}
