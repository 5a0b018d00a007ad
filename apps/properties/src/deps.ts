import { mysqlRecordTable, type RecordSweep, recordSweep, type Sweeping } from "@quintet/db";
import type { CommonDeps, DepsOf } from "@quintet/host";
import { type Config, notifyQueue } from "./config.ts";
import type { Database } from "./database.ts";
import { likeRecount } from "./likes/recount.ts";
import { followTables } from "./listings/build.ts";
import { comparison } from "./listings/compare.ts";
import { type MapTiles, mapTiles } from "./map-tiles.ts";
import { openDatabase } from "./open-database.ts";
import { processedRequestsTable } from "./properties/properties.ts";
import { openSqlAccess, type SqlAccess } from "./queries/sql-access.ts";
import { readSearch } from "./routes/saved-search-schemas.ts";
import { notifications } from "./saved-searches/notifications.ts";
import { type ToWatch, watches } from "./saved-searches/watched.ts";
import { type BackgroundIndexing, backgroundIndexing } from "./term-index/term-index.ts";

/** The dependencies that only this app has. */
interface ListingDeps extends AsyncDisposable {
  db: Database;
  indexing: BackgroundIndexing;
  records: RecordSweep;
  likeRecount: Sweeping;
  comparison: Sweeping;
  sql: SqlAccess;
  savedSearches: {
    /** Max searches that an account keeps. */
    max: number;
    toWatch: ToWatch;
    /** Whether somebody is notified of new results. */
    notifies: boolean;
  };
  notifications: Sweeping;
  /** Whether anybody may search and read the visible properties, without an account. */
  publicListings: boolean;
  /** Where the map's tiles come from, if it has any. */
  mapTiles: MapTiles | undefined;
}

/** All dependencies of the app. */
export type Deps = DepsOf<"mysql" | "redis", ListingDeps>;

/** Creates the app's own dependencies. Connects lazily. */
export function createDeps(config: Config, { mysql, log }: CommonDeps<"mysql">): ListingDeps {
  const stack = new AsyncDisposableStack();
  const db = stack.use(openDatabase(mysql, config.MYSQL_URL, config.STATEMENT_SECONDS));
  const indexed = backgroundIndexing(
    db,
    (error) => log.warn({ err: error }, "Listings could not be indexed"),
    followTables,
  );
  const compared = stack.use(comparison(db, (error) => log.warn({ err: error }, "Listings could not be compared")));
  const records = recordSweep(mysqlRecordTable(mysql, processedRequestsTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  stack.use(indexed);
  stack.use(records);
  const recount = stack.use(likeRecount(db, (error) => log.warn({ err: error }, "Likes could not be counted again")));
  const queue = notifyQueue(config);
  const toWatch = watches(db, readSearch);
  const notified = stack.use(
    notifications(db, {
      ...{ queue, toWatch, seconds: config.NOTIFY_SECONDS },
      onError: (error) => log.warn({ err: error }, "Results of saved searches could not be sent"),
    }),
  );
  const sql = stack.use(openSqlAccess(db, mysql, config, log));
  return {
    db,
    indexing: indexed,
    records,
    likeRecount: recount,
    comparison: compared,
    sql,
    savedSearches: { max: config.SAVED_SEARCHES_MAX, toWatch, notifies: queue !== undefined },
    notifications: notified,
    publicListings: config.PUBLIC_LISTINGS,
    mapTiles: mapTiles(config),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
