import { resolve } from "node:path";
import {
  connectMysql,
  type MysqlPool,
  mysqlRecordTable,
  type RecordSweep,
  recordSweep,
  type Sweeping,
  sweeping,
} from "@quintet/db";
import type { CommonDeps, DepsOf } from "@quintet/host";
import { folderStorage } from "./backups/folder/folder-storage.ts";
import type { BackupStorage } from "./backups/storage.ts";
import type { Config } from "./config.ts";
import { defaultLoadSettings, type LoadContext } from "./loads/load-context.ts";
import { LoadSlots } from "./loads/load-slots.ts";
import { removeExpired } from "./retention/retention.ts";
import { openS3, type S3Store } from "./s3.ts";
import { doneTable, openBulkStore } from "./store/bulk-store.ts";
import { openTables, type Tables } from "./tables/tables.ts";

/** What only this app works with. */
interface IngestDeps extends AsyncDisposable {
  /** Reports and lists of rows, which have this share of MySQL and no more, and end with their clients. */
  reports: MysqlPool;
  /** Whole tables, which take their time. */
  bulk: MysqlPool;
  /** The definitions of the tables. */
  tables: Tables;
  records: RecordSweep;
  /** Removes what was kept long enough. */
  retention: Sweeping;
  loads: LoadContext;
  /** The objects of S3; undefined when it is not configured. */
  s3: S3Store | undefined;
  /** Where backups are kept. */
  backups: BackupStorage;
}

/** All that the app works with. */
export type Deps = DepsOf<"mysql" | "redis", IngestDeps>;

/**
 * Connects to nothing until it is used, and removes what was left of backups. Disposing of it waits for loads in flight and
 * closes what was opened here.
 */
export function createDeps(config: Config, { mysql, log }: CommonDeps<"mysql">): IngestDeps {
  const { MYSQL_URL: url, STATEMENT_SECONDS: statementSeconds, BULK_STATEMENT_SECONDS: bulkSeconds } = config;
  const s3 = openS3(config);
  const reports = connectMysql(url, { connections: 4, name: "ingest reports", statementSeconds, endsWithClient: true });
  const bulk = connectMysql(url, { connections: 4, name: "ingest backups", statementSeconds: bulkSeconds });
  const store = openBulkStore(url, bulkSeconds);
  const backups = folderStorage(resolve(config.BACKUP_DIR));
  // In every process: one of several that was killed is replaced, and the others were not.
  const cleaned = backups
    .removeStale()
    .catch((error: unknown) => log.warn({ err: error }, "Drafts of interrupted backups could not be removed"));
  const loads: LoadContext = {
    db: mysql,
    bulk: store,
    log,
    ...defaultLoadSettings,
    running: new Set(),
    slots: new LoadSlots(),
  };
  const tables = openTables({ db: mysql, bulk, loads });
  const records = recordSweep(mysqlRecordTable(mysql, doneTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  const kept = {
    loadsDays: config.LOADS_DAYS,
    rejectsDays: config.REJECTS_DAYS,
    backups: { keep: config.BACKUPS_KEEP, days: config.BACKUPS_DAYS },
  };
  const retention = sweeping((signal) => removeExpired({ db: mysql, bulk, storage: backups, log, kept }, signal), {
    everyMs: 600_000,
    onError: (error) => log.warn({ err: error }, "Expired loads, rejects or backups could not be removed; will retry"),
  });
  return {
    reports,
    bulk,
    loads,
    tables,
    records,
    retention,
    s3,
    backups,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([records, retention].map((each) => each[Symbol.asyncDispose]()));
      await Promise.allSettled([cleaned, ...loads.running]);
      await store[Symbol.asyncDispose]();
      await s3?.close();
      await Promise.all([reports, bulk].map((pool) => pool.end()));
    },
  };
}
