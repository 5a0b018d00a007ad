export { createApp, type IngestApi } from "./app.ts";
export { type Config, loadConfig } from "./config.ts";
export { fillDemo } from "./demo.ts";
export { createDeps, type Deps } from "./deps.ts";
export { migrate } from "./migrate.ts";
