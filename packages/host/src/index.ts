export type { AppConfig, ConfigOf, StoreName } from "./app-settings.ts";
export type { CommonDeps, Shared } from "./common-deps.ts";
export { type App, type ConfiguredApp, type DepsOf, defineApp, type RunningApp, type WebApp } from "./define-app.ts";
