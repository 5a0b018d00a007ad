/** What the issuer shares with those who check what it issues; apps need none of it. */

export { accessTokenSeconds, audience, externalClient, publicClient } from "./access-token.ts";
export { cacheAccounts, cachePasswordChecks } from "./account-cache.ts";
export type { AuditEntry } from "./audit/audit-entry.ts";
export { drainEntries, sendEntry } from "./audit/audit-stream.ts";
export { createStaffActions } from "./audit/staff-actions.ts";
export { connectAuthRedis } from "./auth-redis.ts";
export { rejectedTokenDigest } from "./browser/browser-access.ts";
export { clearSessionCookies, readSessionCookies, setSessionCookies } from "./browser/cookies.ts";
export { localPath, pathAndQuery } from "./browser/local-path.ts";
export { isLoopback, originAliases } from "./browser/loopback-origins.ts";
export { createAddressReader } from "./client-address.ts";
export { accountPath } from "./remote/account-lookup.ts";
export { createRemoteAuth } from "./remote/remote-auth.ts";
export { remoteKeys } from "./remote/remote-keys.ts";
export { type Feed, feedCredentials, feedPath, readFeed } from "./remote/revocation-feed.ts";
export { revocationPublisher, streamSilenceMs, subscribeToRevocations } from "./revocation/revocation-stream.ts";
export {
  changedAccounts,
  createRevokedTable,
  type Revocation,
  type RevokedTable,
  revocationSeconds,
} from "./revocation/revoked-table.ts";
export { allows, fullScope, grantable, readScopes } from "./scopes.ts";
export { accessTokenType, type Exchange, tokenExchange } from "./tokens/exchanged-tokens.ts";
export { type CheckedToken, createTokenCheck, skewSeconds } from "./tokens/token-check.ts";
export { issuedAt, issuerOf } from "./tokens/unverified-claims.ts";
