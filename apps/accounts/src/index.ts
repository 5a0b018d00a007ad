export type { AccountsApi } from "./app.ts";
export { type IssuerConfig, issuerRule, issuerSettings, settingPairs } from "./config.ts";
export { belongsToIssuer, pathOf } from "./issuer-paths.ts";
export { openIssuer } from "./open-issuer.ts";
