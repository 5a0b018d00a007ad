export { addToStream } from "./add-to-stream.ts";
export {
  begun,
  findProcessed,
  mysqlProcessedRequests,
  type ProcessedRequests,
  postgresProcessedRequests,
  runOnce,
} from "./idempotency/processed-requests.ts";
export {
  mysqlRecordTable,
  postgresRecordTable,
  type RecordSweep,
  type RecordTable,
  recordSweep,
  removeOldRecords,
} from "./idempotency/record-sweep.ts";
export { redisIdempotency } from "./idempotency/redis-idempotency.ts";
export { isDeadlock, retryOnDeadlock } from "./limits/retry-on-deadlock.ts";
export { luaCommands, type RunLua } from "./lua-commands.ts";
export { migrateMysql } from "./migrate-mysql.ts";
export { migratePostgres, postgresMigrationLock, refuseLaterPostgres } from "./migrate-postgres.ts";
export {
  connectMysql,
  healthMysql,
  inMysqlTransaction,
  type MysqlConnection,
  type MysqlPool,
  type PoolOptions,
} from "./mysql.ts";
export { ifAlone } from "./mysql-lock.ts";
export { withComment } from "./observing/sql-comment.ts";
export { connectPostgres, healthPostgres, type PostgresQueries, type PostgresSql } from "./postgres.ts";
export { blockingRedis, connectRedis, healthRedis, type Redis } from "./redis.ts";
export { type RunWithDeadline, redisWithDeadline } from "./redis-deadline.ts";
export { OutcomeUnknown } from "./sent-once.ts";
export { requireStores, type StoreUrls, storeFaults } from "./store-faults.ts";
export { type Sweeping, sweeping } from "./sweeping.ts";
