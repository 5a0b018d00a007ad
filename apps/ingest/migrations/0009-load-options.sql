-- Options of a load and what is known of its progress as JSON; the columns that held options before are still read for loads that
-- have none. Rejected rows have a stable code and their bytes as sent. Loads are listed by table, status, account and retried load.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'ingest_loads' AND column_name = 'options') > 0,
  'DO 0',
  'ALTER TABLE ingest_loads
    MODIFY table_name VARCHAR(48) NOT NULL,
    MODIFY mode VARCHAR(16) NULL,
    MODIFY header VARCHAR(8) NULL,
    MODIFY dry_run BOOLEAN NULL,
    MODIFY on_error VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    MODIFY allow_empty BOOLEAN NULL,
    ADD COLUMN options LONGTEXT NULL,
    ADD COLUMN state LONGTEXT NULL,
    ADD COLUMN retry_of BIGINT NULL,
    ADD KEY ingest_loads_of_table (table_name, started_at, id),
    ADD KEY ingest_loads_by_status (status, started_at, id),
    ADD KEY ingest_loads_by_account (created_by, started_at, id),
    ADD KEY ingest_loads_retried (retry_of)');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'ingest_rejects' AND column_name = 'code') > 0,
  'DO 0',
  'ALTER TABLE ingest_rejects
    MODIFY reason VARCHAR(1024) NOT NULL,
    MODIFY raw TEXT NULL,
    ADD COLUMN code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN raw_bytes MEDIUMBLOB NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
