-- Searches that accounts keep. `query` is that of GET /properties; what is new in them became visible after `looked_at`.
CREATE TABLE IF NOT EXISTS saved_search (
  id BIGINT NOT NULL AUTO_INCREMENT,
  account BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  query TEXT NOT NULL,
  notify TINYINT NOT NULL,
  looked_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  notified_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY saved_search_account (account, id),
  KEY saved_search_notify (notify, id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'quintet';

-- Locked while a search of an account is added, so that it has no more than it may have.
CREATE TABLE IF NOT EXISTS saved_search_owner (
  account BIGINT NOT NULL,
  PRIMARY KEY (account)
) ENGINE = InnoDB COMMENT = 'quintet';

-- Listings that have changed since saved searches were matched with them. `was` is what they were before, as JSON, null for a new one.
CREATE TABLE IF NOT EXISTS search_change (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  property_id BIGINT NOT NULL,
  was TEXT NULL,
  reworded TINYINT NOT NULL,
  PRIMARY KEY (seq)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'quintet';

-- What has to be sent of a saved search: matches are added to the one that is open (`is_open` is 1). One that was put into a batch stays as
-- it is until the batch was sent.
CREATE TABLE IF NOT EXISTS search_digest (
  id BIGINT NOT NULL AUTO_INCREMENT,
  search_id BIGINT NOT NULL,
  is_open TINYINT NULL,
  batch CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  matches INT NOT NULL,
  ids TEXT NOT NULL,
  name VARCHAR(100) NULL,
  account BIGINT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY search_digest_open (search_id, is_open),
  KEY search_digest_due (is_open, id),
  KEY search_digest_batch (batch, id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'quintet';
