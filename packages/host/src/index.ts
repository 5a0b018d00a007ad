export { withAllFaults } from "./all-faults.ts";
export type { AppConfig, ConfigOf, StoreName } from "./app-settings.ts";
export type { CommonDeps, Shared } from "./common-deps.ts";
export { type AnyApp, type App, type ConfiguredApp, type DepsOf, defineApp, type RunningApp } from "./define-app.ts";
export type { ConfiguredIssuer, Issuer, OpenedIssuer } from "./issuer.ts";
export { type ConfiguredAuth, configureAuth, type OpenedAuth, openAuth } from "./open-auth.ts";
export { urlPath } from "./url-path.ts";
export { version } from "./version.ts";
export { withIssuer } from "./with-issuer.ts";
