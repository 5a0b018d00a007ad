export {
  findProcessed,
  mysqlProcessedRequests,
  type ProcessedRequests,
  pending,
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
export type { PoolOptions } from "./limits/statement-limits.ts";
export { migrateMysql } from "./migrations/migrate-mysql.ts";
export { migratePostgres, postgresMigrationLock, refuseLaterPostgres } from "./migrations/migrate-postgres.ts";
export { tryWithLock } from "./mysql/named-lock.ts";
export {
  connectMysql,
  healthMysql,
  inMysqlTransaction,
  type MysqlConnection,
  type MysqlPool,
} from "./mysql/pool.ts";
export {
  inReadOnlySession,
  type QueryResult,
  type ReadOnlySession,
  ResultTooLarge,
  type StatementWarning,
} from "./mysql/read-only-session.ts";
export { ReadOnlyUser, ReadOnlyUserFault } from "./mysql/read-only-user.ts";
export { readStatement, type Statement, StatementFault } from "./mysql/read-statement.ts";
export { withComment } from "./observability/sql-comment.ts";
export { connectPostgres, healthPostgres, type PostgresQueries, type PostgresSql } from "./postgres/client.ts";
export {
  connectRedis,
  mastersOf,
  onRedisReady,
  type Redis,
  subscriberRedis,
} from "./redis/client.ts";
export { healthRedis, infoFields } from "./redis/health.ts";
export { type RunWithDeadline, redisWithDeadline } from "./redis/redis-deadline.ts";
export { addToStream, luaCommands, type RunLua } from "./redis/scripts.ts";
export { OutcomeUnknown } from "./redis/send-once.ts";
export {
  type JsonValue,
  type Parameter,
  type ParameterType,
  type ParameterValues,
  parameterFaults,
  parameterTypes,
  readTyped,
  readValues,
  type TypedValue,
  typedValue,
} from "./saved-sql/parameters.ts";
export { type ResultColumn, resultColumn, resultValue } from "./saved-sql/result-columns.ts";
export {
  cellSchema,
  columnSchema,
  parameterSchema,
  parametersSchema,
  savedSqlName,
  savedSqlNameRule,
  toParameters,
} from "./saved-sql/schemas.ts";
export {
  asSqlReader,
  parameterUse,
  readAll,
  requireNone,
  type SqlReader,
  statementOf,
  textOf,
} from "./saved-sql/sql-reader.ts";
export { requireStores, type StoreUrls, storeFaults } from "./store-faults.ts";
export { type Sweeping, sweeping } from "./sweeping.ts";
