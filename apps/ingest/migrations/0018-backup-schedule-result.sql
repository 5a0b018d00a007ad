-- How the last scheduled set of backups ended: its id, or why it could not be made.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'ingest_backup_schedule' AND column_name = 'last_at') > 0,
  'DO 0',
  'ALTER TABLE ingest_backup_schedule
    ADD COLUMN last_at DATETIME(3) NULL,
    ADD COLUMN last_set VARCHAR(64) NULL,
    ADD COLUMN last_problem VARCHAR(500) NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
