-- What was done for which request with an `Idempotency-Key`, recorded in the transaction that did it, for two days.
CREATE TABLE IF NOT EXISTS auth_done_requests (
  request_key CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  result MEDIUMTEXT NOT NULL,
  done_at DATETIME NOT NULL,
  KEY auth_done_requests_by_time (done_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
