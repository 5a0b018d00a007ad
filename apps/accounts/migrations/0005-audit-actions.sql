-- The audit log tells of every action of staff in every app as well, and of what is about no account that is known.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'auth_audit' AND column_name = 'event_id') > 0,
  'DO 0',
  'ALTER TABLE auth_audit
     MODIFY account_id INT NULL,
     MODIFY subject VARCHAR(255) CHARACTER SET utf8mb4 NULL,
     ADD COLUMN event_id CHAR(36) NULL,
     ADD COLUMN method VARCHAR(16) NULL,
     ADD COLUMN route VARCHAR(255) CHARACTER SET utf8mb4 NULL,
     ADD COLUMN path VARCHAR(500) CHARACTER SET utf8mb4 NULL,
     ADD UNIQUE KEY auth_audit_event (event_id),
     ADD KEY auth_audit_at (at),
     ADD KEY auth_audit_actor (actor_id, id),
     ADD KEY auth_audit_action (action, id),
     ADD KEY auth_audit_request (request_id, id)');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- How an action of staff ended: its HTTP status. One without a line here was cut off.
CREATE TABLE IF NOT EXISTS auth_audit_outcome (
  event_id CHAR(36) NOT NULL PRIMARY KEY,
  at DATETIME(3) NOT NULL,
  status SMALLINT UNSIGNED NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
