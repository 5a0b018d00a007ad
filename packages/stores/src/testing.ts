export { freePort } from "./free-port.ts";
export { pauseStore } from "./pause-store.ts";
export {
  openRedisCluster,
  openRedisSentinels,
  type RedisCluster,
  type RedisProcess,
  type RedisSentinels,
} from "./redis-topologies.ts";
export { type StoreProxy, storeProxy } from "./store-proxy.ts";
export { findTool, type ToolName } from "./tools.ts";
