export { backUp } from "./backup/back-up.ts";
export { restore } from "./backup/restore.ts";
export { claimDataDir, isClaimed } from "./claim.ts";
export type { StoreName } from "./engine.ts";
export { openStores, type Stores } from "./open-stores.ts";
export { type KeptSecrets, keepSecretsInUse, keptSecrets } from "./secrets.ts";
