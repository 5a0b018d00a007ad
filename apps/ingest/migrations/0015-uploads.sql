-- Resumable uploads: their owner and size; the bytes are files in UPLOAD_DIR.
CREATE TABLE IF NOT EXISTS ingest_uploads (
  id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  size BIGINT NOT NULL,
  metadata TEXT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  KEY ingest_uploads_of_account (account_id),
  KEY ingest_uploads_by_age (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
