import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";
import { z } from "zod";
import { isCron } from "./backups/backup-schedule.ts";
import { bucketUrl } from "./backups/bucket/bucket-place.ts";
import { s3Settings } from "./s3.ts";

export const ingestSettings = {
  ...s3Settings,
  BULK_STATEMENT_SECONDS: settings.number(0, 1_000_000).default(3600),
  BACKUP_DIR: settings.folder.default("./backups"),
  BACKUP_URL: z.string().regex(bucketUrl, "must be s3://bucket or s3://bucket/prefix").optional(),
  BACKUP_CRON: z
    .string()
    .max(120)
    .refine(isCron, "must be a cron expression of five fields, such as 0 3 * * *")
    .optional(),
  BACKUPS_KEEP: settings.number(0, 1_000_000).default(0),
  BACKUPS_DAYS: settings.number(0, 36_500).default(0),
  UPLOAD_DIR: settings.folder.optional(),
  UPLOADS_GIB: settings.number(1, 1_000_000).default(64),
  UPLOADS_HOURS: settings.number(1, 8760).default(48),
  // The idempotency key of a load is valid for two days.
  LOADS_DAYS: settings
    .number(0, 36_500)
    .refine((days) => days === 0 || days > 2, "must be 0, or at least 3")
    .default(400),
  REPORTS_MYSQL_URL: settings.mysqlUrl.optional(),
  REJECTS_DAYS: settings.number(0, 36_500).default(90),
  UNDO_DAYS: settings.number(0, 36_500).default(30),
};

export type Config = ConfigOf<"mysql", typeof ingestSettings>;
