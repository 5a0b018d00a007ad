import { type Redis, redisWithDeadline } from "@quintet/db";
import { deriveKey, type Logger, type TrustedProxies, trustedProxies } from "@quintet/http";
import { z } from "zod";
import type { Account, Auth, Registration } from "../account.ts";
import type { AuditEntry } from "../audit/audit-entry.ts";
import { sendEntry } from "../audit/audit-stream.ts";
import { staffActions } from "../audit/staff-actions.ts";
import { siteAt } from "../browser/site.ts";
import { addressReader, type ClientAddress, vouchedHeader } from "../client-address.ts";
import { cachePasswordChecks } from "../password-cache.ts";
import { subscribeToRevocations } from "../revocation/revocation-stream.ts";
import { revokedTable } from "../revocation/revoked-table.ts";
import { accessTokenType, type Exchange, tokenExchange } from "../tokens/exchanged-tokens.ts";
import { tokenCheck } from "../tokens/token-check.ts";
import { issuerClient } from "./issuer-client.ts";
import { remoteKeys } from "./remote-keys.ts";
import { pollIssuer } from "./revocation-feed.ts";

const accountSchema = z.object({
  id: z.number(),
  username: z.string(),
  email: z.string(),
  isStaff: z.boolean(),
  createdAt: z.string(),
});
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
 * The accounts of an issuer behind HTTP. Tokens are verified here with its public keys, so they stay good while it is away;
 * what has to ask it is a 503 then. `url` is where it is reached, `issuer` the identifier that its tokens name; `now` is in ms.
 */
export function createRemoteAuth(options: {
  url: string;
  issuer: string;
  /** What this process vouches by for the addresses of its clients; the issuer has the same. */
  secret: string;
  /** Whose X-Forwarded-For is believed; nobody's unless told. */
  proxies?: TrustedProxies;
  /** A connection of its own to the Redis where the issuer tells what is revoked and hears what staff did; closed at the end. */
  hear: () => Redis;
  log?: Logger;
  now?: () => number;
  /** The ms of a clock that is never set, by which the age of what is remembered is measured; `performance.now()` unless set. */
  elapsed?: () => number;
}): Auth {
  const { url, issuer, secret, now = Date.now, elapsed = () => performance.now() } = options;
  const revoked = revokedTable(now);
  const news = subscribeToRevocations(options.hear(), revoked);
  const feed = pollIssuer({ url, secret, table: revoked, beatAt: news.heartbeatAt });
  const client = issuerClient(url);
  const proxies = options.proxies ?? trustedProxies("");
  const addresses = addressReader(proxies, deriveKey(secret, "auth client address"));
  const tell = options.hear();
  // What cannot be noted is not done: a write of staff must not wait for that for seconds.
  const withDeadline = redisWithDeadline(tell, { deadlineMs: 400 });
  const keep = (entry: AuditEntry) => withDeadline(() => sendEntry(tell, entry));
  const actions = staffActions({ keep, addressOf: addresses.read, log: options.log, now });
  const vouched = (clientAddress: ClientAddress | undefined): Record<string, string> => {
    const address = addresses.read(clientAddress);
    return address === undefined ? {} : { [vouchedHeader]: addresses.vouch(address) };
  };

  const askMe = async (
    login: string,
    password: string,
    clientAddress?: ClientAddress,
  ): Promise<Account | undefined> => {
    if (login === "" || login.includes(":")) return undefined; // RFC 7617 section 2: a user-id has no colon.
    const credentials = Buffer.from(`${login}:${password}`).toString("base64");
    const answer = await client("/auth/me", {
      headers: { Authorization: `Basic ${credentials}`, ...vouched(clientAddress) },
    });
    return answer.status === 401 ? undefined : answer.read(200, accountSchema);
  };
  const fetchKeys = async () => {
    const answer = await client("/auth/.well-known/jwks.json", {});
    return answer.read(200, keySetSchema);
  };

  const exchange: Exchange = async (token) => {
    const body = new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: token,
      subject_token_type: accessTokenType,
    });
    const answer = await client("/auth/token", { method: "POST", body });
    if (answer.status === 400) return undefined;
    const { access_token, expires_in } = await answer.read(200, exchangedSchema);
    return { token: access_token, expiresIn: expires_in };
  };
  const readToken = tokenCheck({ issuer, keys: remoteKeys(fetchKeys, elapsed), revoked, exchange, now, elapsed });
  return {
    site: siteAt(issuer, proxies),
    access: async (token) => (await readToken(token))?.access,
    verifyToken: async (token) => (await readToken(token))?.access.account,
    verifyPassword: cachePasswordChecks(askMe, revoked, elapsed),
    async passwordGrant(username, password, { scope, clientAddress } = {}) {
      const body = new URLSearchParams({ grant_type: "password", username, password, ...(scope ? { scope } : {}) });
      const answer = await client("/auth/token", { method: "POST", body, headers: vouched(clientAddress) });
      // An empty username or password counts as absent there (RFC 6749 section 3.2); here it is just wrong.
      if (answer.status === 400) {
        const { error } = await answer.read(400, oauthErrorSchema);
        if (error === "invalid_grant" || username === "" || password === "") return undefined;
      }
      return answer.read(200, tokenSetSchema);
    },
    async register(input: Registration, { clientAddress, request } = {}) {
      const answer = await client("/auth/register", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          ...vouched(clientAddress),
          ...(request === undefined ? {} : { "Idempotency-Key": request.key }),
        },
        body: JSON.stringify(input),
      });
      const account = await answer.read(201, registeredSchema);
      if (request) request.outcome = answer.replayed ? "replayed" : "done";
      return { ...account, isStaff: false };
    },
    beginAction: actions.begin,
    async [Symbol.asyncDispose]() {
      await feed[Symbol.asyncDispose]();
      await news[Symbol.asyncDispose]();
      await actions[Symbol.asyncDispose]();
      tell.disconnect();
    },
  };
}
