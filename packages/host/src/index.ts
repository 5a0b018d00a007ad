export { hostRules, hostSettings, issuerRules } from "./config.ts";
export { type OpenedAuth, openAuth } from "./open-auth.ts";
export { startApp } from "./start-app.ts";
export { withIssuer } from "./with-issuer.ts";
