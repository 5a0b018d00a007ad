export { backUp } from "./backup/back-up.ts";
export { restore } from "./backup/restore.ts";
export { isDataDirLocked, lockDataDir } from "./data-dir-lock.ts";
export type { StoreName } from "./engine.ts";
export { openStores, type Stores } from "./open-stores.ts";
export { type GeneratedSecrets, loadSecrets, saveSecretsInUse } from "./secrets.ts";
