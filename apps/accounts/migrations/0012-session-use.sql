-- Where a session began, or was last renewed by a browser, and when it was last used. NULL for sessions that began before this.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'auth_refresh_family' AND column_name = 'used_at') > 0,
  'DO 0',
  'ALTER TABLE auth_refresh_family
     ADD COLUMN address VARCHAR(64) CHARACTER SET ascii NULL,
     ADD COLUMN user_agent VARCHAR(255) CHARACTER SET utf8mb4 NULL,
     ADD COLUMN used_at DATETIME(3) NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
