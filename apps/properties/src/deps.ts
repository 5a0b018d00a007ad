import { mysqlRecordTable, type RecordSweep, recordSweep } from "@quintet/db";
import type { CommonDeps, ConfigOf, DepsOf } from "@quintet/host";
import { type Database, openDatabase } from "./database.ts";
import { doneTable } from "./properties.ts";
import { type Indexing, indexing } from "./term-index.ts";

/** What only this app works with. */
interface ListingDeps extends AsyncDisposable {
  db: Database;
  indexing: Indexing;
  records: RecordSweep;
}

/** All that the listings need to run. */
export type Deps = DepsOf<"mysql" | "redis", ListingDeps>;

/** Opens nothing until it is used. */
export function createDeps(config: ConfigOf<"mysql">, { mysql, log }: CommonDeps<"mysql">): ListingDeps {
  const stack = new AsyncDisposableStack();
  const db = stack.use(openDatabase(mysql, config.MYSQL_URL, config.STATEMENT_SECONDS));
  const indexed = indexing(db, (error) => log.warn({ err: error }, "Listings could not be indexed"));
  const records = recordSweep(mysqlRecordTable(mysql, doneTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  stack.use(indexed);
  stack.use(records);
  return { db, indexing: indexed, records, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
