-- What is to be loaded from an upload once it is complete: who asks for it and how, the load, and how it has ended.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'ingest_uploads' AND column_name = 'load_request') > 0,
  'DO 0',
  'ALTER TABLE ingest_uploads
    ADD COLUMN load_request LONGTEXT NULL,
    ADD COLUMN load_id BIGINT NULL,
    ADD COLUMN load_end TEXT NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
