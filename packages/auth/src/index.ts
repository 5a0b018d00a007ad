export type { Account, Auth, Registration, TokenSet } from "./account.ts";
export { type AccountEnv, guards, type MaybeAccountEnv } from "./guards.ts";
