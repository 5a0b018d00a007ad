import { type Redis, redisWithDeadline } from "@quintet/db";
import { deriveKey, type Logger, type TrustedProxies, trustedProxies } from "@quintet/http";
import { z } from "zod";
import type { Account, Auth, Registration } from "../account.ts";
import { cacheAccounts, cachePasswordChecks } from "../account-cache.ts";
import type { AuditEntry } from "../audit/audit-entry.ts";
import { sendEntry } from "../audit/audit-stream.ts";
import { createStaffActions } from "../audit/staff-actions.ts";
import { siteAt } from "../browser/site.ts";
import { type ClientAddress, createAddressReader, vouchedHeader } from "../client-address.ts";
import { subscribeToRevocations } from "../revocation/revocation-stream.ts";
import { changedAccounts, createRevokedTable } from "../revocation/revoked-table.ts";
import { accessTokenType, type Exchange, tokenExchange } from "../tokens/exchanged-tokens.ts";
import { createTokenCheck } from "../tokens/token-check.ts";
import { accountSchema, findAccountAt } from "./account-lookup.ts";
import { issuerClient } from "./issuer-client.ts";
import { remoteKeys } from "./remote-keys.ts";
import { pollIssuer } from "./revocation-feed.ts";

const registeredSchema = accountSchema.omit({ isStaff: true });
const tokenSetSchema = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.number(),
  refresh_token: z.string(),
  scope: z.string(),
});
const exchangedSchema = tokenSetSchema.pick({ access_token: true, expires_in: true });
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) });
const oauthErrorSchema = z.object({ error: z.string() });

/**
 * The accounts of an issuer behind HTTP. Tokens are verified in this process with the issuer's public keys, so they remain valid
 * while the issuer is unavailable; whatever needs a request to it throws a 503 then.
 */
export function createRemoteAuth(options: {
  /** Where the issuer is reached, a base URL without a trailing slash. */
  url: string;
  /** The issuer's identifier, the `iss` of its tokens. */
  issuer: string;
  /** `QUINTET_SECRET`, the same as the issuer's; signs the client addresses that this process vouches for. */
  secret: string;
  /** The proxies whose X-Forwarded-For is trusted; none by default. */
  proxies?: TrustedProxies;
  /** Opens a connection to the Redis of the issuer's streams (revocations, audit log); closed on disposal. */
  connect: () => Redis;
  log?: Logger;
  /** The wall clock in ms; `Date.now` by default. */
  now?: () => number;
  /** A monotonic clock in ms, for the age of cached results; `performance.now` by default. */
  elapsed?: () => number;
}): Auth {
  const { url, issuer, secret, now = Date.now, elapsed = () => performance.now() } = options;
  const revoked = createRevokedTable(now);
  const subscription = subscribeToRevocations(options.connect(), revoked);
  const feed = pollIssuer({ url, secret, table: revoked, heartbeatAt: subscription.heartbeatAt });
  const client = issuerClient(url);
  const proxies = options.proxies ?? trustedProxies("");
  const addresses = createAddressReader(proxies, deriveKey(secret, "auth client address"));
  const auditRedis = options.connect();
  // A write by staff fails when it cannot be logged, so the deadline is short.
  const withDeadline = redisWithDeadline(auditRedis, { deadlineMs: 400 });
  const keep = (entry: AuditEntry) => withDeadline(() => sendEntry(auditRedis, entry));
  const actions = createStaffActions({ keep, addressOf: addresses.read, log: options.log, now });
  const vouched = (clientAddress: ClientAddress | undefined): Record<string, string> => {
    const address = addresses.read(clientAddress);
    return address === undefined ? {} : { [vouchedHeader]: addresses.vouch(address) };
  };

  const checkPassword = async (
    login: string,
    password: string,
    clientAddress?: ClientAddress,
  ): Promise<Account | undefined> => {
    if (login === "" || login.includes(":")) return undefined; // RFC 7617 section 2: a user-id has no colon.
    const credentials = Buffer.from(`${login}:${password}`).toString("base64");
    const response = await client("/auth/me", {
      headers: { Authorization: `Basic ${credentials}`, ...vouched(clientAddress) },
    });
    return response.status === 401 ? undefined : response.read(200, accountSchema);
  };
  const fetchKeys = async () => {
    const response = await client("/auth/.well-known/jwks.json", {});
    return response.read(200, keySetSchema);
  };

  const exchange: Exchange = async (token) => {
    const body = new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: token,
      subject_token_type: accessTokenType,
    });
    const response = await client("/auth/token", { method: "POST", body });
    if (response.status === 400) return undefined;
    const { access_token, expires_in } = await response.read(200, exchangedSchema);
    return { token: access_token, expiresIn: expires_in };
  };
  const readToken = createTokenCheck({ issuer, keys: remoteKeys(fetchKeys, elapsed), revoked, exchange, now, elapsed });
  return {
    site: siteAt(issuer, proxies),
    access: async (token) => (await readToken(token))?.access,
    cachedAccess: (token) => readToken.known(token)?.access,
    verifyToken: async (token) => (await readToken(token))?.access.account,
    verifyPassword: cachePasswordChecks(checkPassword, revoked, elapsed),
    activeAccount: cacheAccounts(findAccountAt(client, secret), revoked, elapsed),
    changedAccounts: (since) => changedAccounts(revoked, since),
    async passwordGrant(username, password, { scope, clientAddress } = {}) {
      const body = new URLSearchParams({ grant_type: "password", username, password, ...(scope ? { scope } : {}) });
      const response = await client("/auth/token", { method: "POST", body, headers: vouched(clientAddress) });
      // The token endpoint treats an empty username or password as missing (RFC 6749 section 3.2); here it is just wrong.
      if (response.status === 400) {
        const { error } = await response.read(400, oauthErrorSchema);
        if (error === "invalid_grant" || username === "" || password === "") return undefined;
      }
      return response.read(200, tokenSetSchema);
    },
    async register(input: Registration, { clientAddress, request } = {}) {
      const response = await client("/auth/register", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          ...vouched(clientAddress),
          ...(request === undefined ? {} : { "Idempotency-Key": request.key }),
        },
        body: JSON.stringify(input),
      });
      const account = await response.read(201, registeredSchema);
      if (request) request.outcome = response.replayed ? "replayed" : "done";
      return { ...account, isStaff: false };
    },
    beginAction: actions.begin,
    async [Symbol.asyncDispose]() {
      await feed[Symbol.asyncDispose]();
      await subscription[Symbol.asyncDispose]();
      await actions[Symbol.asyncDispose]();
      auditRedis.disconnect();
    },
  };
}
