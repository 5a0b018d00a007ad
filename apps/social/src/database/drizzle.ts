import { createRequire } from "node:module";

/**
 * Drizzle, loaded from its CommonJS files. For each of the 130 ES modules that would be loaded instead, Node reads all of Drizzle's
 * package.json (180 KB), which adds 0.75 s to each start.
 */
const load = createRequire(import.meta.url);

export const {
  and,
  desc,
  DrizzleQueryError,
  eq,
  exists,
  getTableColumns,
  inArray,
  isNotNull,
  isNull,
  notExists,
  or,
  sql,
} = load("drizzle-orm") as typeof import("drizzle-orm");

export const {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  unionAll,
  uniqueIndex,
  uuid,
} = load("drizzle-orm/pg-core") as typeof import("drizzle-orm/pg-core");

export const { drizzle } = load("drizzle-orm/postgres-js") as typeof import("drizzle-orm/postgres-js");

export const { migrate } = load(
  "drizzle-orm/postgres-js/migrator",
) as typeof import("drizzle-orm/postgres-js/migrator");

export const { readMigrationFiles } = load("drizzle-orm/migrator") as typeof import("drizzle-orm/migrator");
