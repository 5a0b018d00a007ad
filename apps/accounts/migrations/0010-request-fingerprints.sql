-- What tells a request from others with its key. Records of before have none: until they are two days old, they count for any request
-- with their key.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'auth_done_requests' AND column_name = 'fingerprint') > 0,
  'DO 0',
  'ALTER TABLE auth_done_requests
     ADD COLUMN fingerprint CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
