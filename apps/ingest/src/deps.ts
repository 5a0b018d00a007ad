import { join, resolve } from "node:path";
import {
  connectMysql,
  type MysqlPool,
  mysqlRecordTable,
  ReadOnlyUser,
  type RecordSweep,
  recordSweep,
  type Sweeping,
  sweeping,
} from "@quintet/db";
import type { CommonDeps, DepsOf } from "@quintet/host";
import { runSchedule } from "./backups/backup-schedule.ts";
import { bucketStorage } from "./backups/bucket/bucket-storage.ts";
import { folderStorage } from "./backups/folder/folder-storage.ts";
import type { BackupStorage } from "./backups/storage.ts";
import type { Config } from "./config.ts";
import { defaultLoadSettings, type LoadContext } from "./loads/load-context.ts";
import { LoadSlots } from "./loads/load-slots.ts";
import type { ReportContext } from "./reports/run-report.ts";
import { removeExpired } from "./retention/retention.ts";
import { openS3, type S3Store } from "./s3.ts";
import { doneTable, openBulkStore } from "./store/bulk-store.ts";
import { openTables, type Tables } from "./tables/tables.ts";
import { LoadUploads } from "./uploads/load-uploads.ts";
import { Uploads } from "./uploads/uploads.ts";

/** What only this app works with. */
interface IngestDeps extends AsyncDisposable {
  /** Lists of rows, which have this share of MySQL and no more, and end with their clients. */
  reports: MysqlPool;
  /** What saved reports run with. */
  savedReports: ReportContext;
  /** Whole tables, which take their time. */
  bulk: MysqlPool;
  /** The definitions of the tables. */
  tables: Tables;
  records: RecordSweep;
  /** Removes what was kept long enough. */
  retention: Sweeping;
  /** Makes backups at the times of `BACKUP_CRON`. */
  schedule: Sweeping;
  /** That setting. */
  backupCron: string | undefined;
  loads: LoadContext;
  /** The objects of S3; undefined when it is not configured. */
  s3: S3Store | undefined;
  /** Resumable uploads. */
  uploads: Uploads;
  /** Loads uploads that ask for it when they are complete. */
  loadUploads: LoadUploads;
  /** Goes on with the loads of uploads whose process was killed. */
  resumption: Sweeping;
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
  const readLimits = { connections: 4, statementSeconds, endsWithClient: true };
  const reports = connectMysql(url, { name: "ingest reports", ...readLimits });
  const ownReports = connectMysql(url, { name: "ingest own reports", ...readLimits, exact: true });
  const bulk = connectMysql(url, { connections: 4, name: "ingest backups", statementSeconds: bulkSeconds });
  const store = openBulkStore(url, bulkSeconds);
  const backups =
    config.BACKUP_URL === undefined ? folderStorage(resolve(config.BACKUP_DIR)) : bucketStorage(s3, config.BACKUP_URL);
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
  const readable = async () => (await tables.list()).map(({ name }) => name);
  const reportUser = new ReadOnlyUser({
    purpose: "reports",
    name: "ingest saved reports",
    app: mysql,
    url,
    given: config.REPORTS_MYSQL_URL,
    setting: "REPORTS_MYSQL_URL",
    secret: config.QUINTET_SECRET,
    statementSeconds,
    readable,
    onFault: (reason, rights) => log.warn({ rights }, `Saved reports have no database user. ${reason}`),
  });
  const records = recordSweep(mysqlRecordTable(mysql, doneTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  const uploads = new Uploads(mysql, {
    folder: resolve(config.UPLOAD_DIR ?? join(config.BACKUP_DIR, "uploads")),
    accountBytes: config.UPLOADS_GIB * 1024 ** 3,
    hours: config.UPLOADS_HOURS,
  });
  const loadUploads = new LoadUploads({ db: mysql, loads, tables, uploads });
  const resumption = sweeping(() => loadUploads.beginAll(), {
    everyMs: 5000,
    onError: (error) => log.warn({ err: error }, "Uploads could not be loaded; will retry"),
  });
  const kept = {
    loadsDays: config.LOADS_DAYS,
    rejectsDays: config.REJECTS_DAYS,
    undoDays: config.UNDO_DAYS,
    backups: { keep: config.BACKUPS_KEEP, days: config.BACKUPS_DAYS },
  };
  const retention = sweeping(
    (signal) => removeExpired({ db: mysql, bulk, storage: backups, uploads, log, kept }, signal),
    {
      everyMs: 600_000,
      onError: (error) =>
        log.warn({ err: error }, "Expired loads, rejects or backups could not be removed; will retry"),
    },
  );
  const { BACKUP_CRON: cron } = config;
  const schedule = sweeping(
    async () => (cron === undefined ? undefined : runSchedule({ db: mysql, bulk, storage: backups, log }, cron)),
    {
      everyMs: 15_000,
      onError: (error) => log.error({ err: error }, "Scheduled backups could not be made; will retry"),
    },
  );
  return {
    reports,
    savedReports: {
      reader: {
        user: reportUser,
        readable,
        subject: "The report",
        subjects: "Saved reports",
        endsConnections: false,
      },
      own: ownReports,
      tables: () => tables.list(),
    },
    bulk,
    loads,
    tables,
    records,
    retention,
    schedule,
    backupCron: cron,
    s3,
    uploads,
    loadUploads,
    resumption,
    backups,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [records, retention, schedule, resumption, loadUploads].map((each) => each[Symbol.asyncDispose]()),
      );
      await Promise.allSettled([cleaned, ...loads.running]);
      await store[Symbol.asyncDispose]();
      await s3?.close();
      await reportUser[Symbol.asyncDispose]();
      await Promise.all([reports, ownReports, bulk].map((pool) => pool.end()));
    },
  };
}
