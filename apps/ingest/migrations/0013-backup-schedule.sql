-- When the next scheduled set of backups is due. One row: all processes have the same schedule.
CREATE TABLE IF NOT EXISTS ingest_backup_schedule (
  id TINYINT NOT NULL PRIMARY KEY,
  cron VARCHAR(120) NOT NULL,
  due_at DATETIME(3) NOT NULL,
  retry_at DATETIME(3) NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
