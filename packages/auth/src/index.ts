export type { Access, Account, Auth, Registration, SignInOptions, TokenSet } from "./account.ts";
export { type AuthConfig, authSettings } from "./config.ts";
export { type AccountEnv, guards, type MaybeAccountEnv } from "./guards.ts";
export { needed, OAuthError, oauthForm } from "./issuer/oauth-form.ts";
export { oauthErrorSchema, oauthFormBody, tokenSetSchema } from "./issuer/schemas.ts";
export { keyedFingerprints } from "./keyed-fingerprints.ts";
export { type OpenedAuth, openAuth } from "./open-auth.ts";
export { type Scope, scopeNames, scopes } from "./scopes.ts";
export { belongsToIssuer, type WebApp, withIssuer } from "./with-issuer.ts";
