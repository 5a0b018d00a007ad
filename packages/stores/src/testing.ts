export { freePort } from "./free-port.ts";
export { type StoreProxy, storeProxy } from "./store-proxy.ts";
export { findTool, type ToolName } from "./tools.ts";
