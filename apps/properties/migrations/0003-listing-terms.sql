-- The index of listings by their words and filters, in blocks of 4,096 properties: block 3 holds the ids from 12,288 to 16,383.
-- `members` is a list of places in the block, two bytes each, or a bitmap of 512 bytes and one more that says so.
CREATE TABLE IF NOT EXISTS listing_term (
  term VARCHAR(40) NOT NULL,
  block INT UNSIGNED NOT NULL,
  members VARBINARY(8192) NOT NULL,
  PRIMARY KEY (term, block),
  KEY listing_term_block (block)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The blocks in which there are listings. One that is not ready is indexed in the background; until then any listing in it may match.
CREATE TABLE IF NOT EXISTS listing_block (
  block INT UNSIGNED NOT NULL,
  ready TINYINT NOT NULL,
  PRIMARY KEY (block),
  KEY listing_block_ready (ready, block)
) ENGINE = InnoDB;

INSERT IGNORE INTO listing_block (block, ready)
SELECT DISTINCT property_id DIV 4096, 0 FROM listing;

-- The full-text index serves nothing any more. MySQL knows no DROP INDEX IF EXISTS.
SET @drop_words = IF(
  EXISTS (
    SELECT 1 FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'property' AND INDEX_NAME = 'property_words'
  ),
  'ALTER TABLE property DROP INDEX property_words',
  'DO 0'
);
PREPARE drop_words FROM @drop_words;
EXECUTE drop_words;
DEALLOCATE PREPARE drop_words;
