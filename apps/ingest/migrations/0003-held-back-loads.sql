-- What a load may reject before it is refused as a whole, and how many rows it has staged: its last step compares that with
-- what is there.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'ingest_loads' AND column_name = 'staged') > 0,
  'DO 0',
  'ALTER TABLE ingest_loads
    ADD COLUMN max_rejects VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN on_error VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''skip'',
    ADD COLUMN allow_empty BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN staged BIGINT NOT NULL DEFAULT 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- A load of before that is not over: every row that a replacement accepted was staged. How many a dry run has staged was
-- never written down, so what is there is taken.
UPDATE ingest_loads SET staged = inserted
  WHERE mode = 'replace' AND status NOT IN ('done', 'failed') AND staged = 0;
UPDATE ingest_loads AS l SET staged = (SELECT COUNT(*) FROM staged_departments AS s WHERE s.load_id = l.id)
    + (SELECT COUNT(*) FROM staged_jobs AS s WHERE s.load_id = l.id)
    + (SELECT COUNT(*) FROM staged_hired_employees AS s WHERE s.load_id = l.id)
  WHERE dry_run AND mode <> 'replace' AND status NOT IN ('done', 'failed') AND staged = 0;
