export { freePort } from "./free-port.ts";
export { pauseStore } from "./pause-store.ts";
export { type StoreProxy, storeProxy } from "./store-proxy.ts";
export { findTool, type ToolName } from "./tools.ts";
