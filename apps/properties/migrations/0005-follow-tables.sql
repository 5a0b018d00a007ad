-- From here on `property`, `status` and `status_history` may be a team's, to which other programs write. No table of ours refers to
-- them by a foreign key; any column of theirs may be null.

-- The tables that earlier versions made are ours.
SET @ours = EXISTS (
  SELECT 1 FROM information_schema.TABLE_CONSTRAINTS
  WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'status_history' AND CONSTRAINT_NAME = 'status_history_of_property'
);
SET @step = IF(@ours, 'ALTER TABLE property COMMENT = ''quintet''', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF(@ours, 'ALTER TABLE status COMMENT = ''quintet''', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF(@ours, 'ALTER TABLE status_history COMMENT = ''quintet''', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Columns that a property may have. A team's table keeps its own.
SET @step = IF(
  EXISTS (
    SELECT 1 FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'property' AND TABLE_COMMENT = 'quintet'
  ) AND NOT EXISTS (
    SELECT 1 FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'property' AND COLUMN_NAME = 'rooms'
  ),
  'ALTER TABLE property
     ADD COLUMN lat DECIMAL(9, 6) NULL,
     ADD COLUMN lon DECIMAL(9, 6) NULL,
     ADD COLUMN rooms SMALLINT NULL,
     ADD COLUMN area DECIMAL(10, 2) NULL,
     ADD COLUMN type VARCHAR(40) NULL',
  'DO 0'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF(
  EXISTS (
    SELECT 1 FROM information_schema.TABLE_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'liked_properties' AND CONSTRAINT_NAME = 'liked_property'
  ),
  'ALTER TABLE liked_properties DROP FOREIGN KEY liked_property',
  'DO 0'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- `listing` is a copy, and is made again from the tables that it follows.
SET @step = IF(
  (
    EXISTS (
      SELECT 1 FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'listing' AND TABLE_COMMENT = 'quintet'
    ) OR EXISTS (
      SELECT 1 FROM information_schema.TABLE_CONSTRAINTS
      WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'listing' AND CONSTRAINT_NAME = 'listing_of_property'
    )
  ) AND NOT EXISTS (
    SELECT 1 FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'listing' AND COLUMN_NAME = 'text_key'
  ),
  'DROP TABLE listing',
  'DO 0'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- One row for each property: its latest entry of the history, and what searches filter and sort by. `status_id` is the id in `status`;
-- it is null without an entry. What sorts listings is never null: see `source-rows`. `text_key` tells whether address or description have changed.
-- A page is the next entries of one index, or is found by `listing_term`: see docs/decisions/listing-indexes.md.
CREATE TABLE IF NOT EXISTS listing (
  property_id BIGINT NOT NULL,
  status_id INT NULL,
  status_date DATETIME(3) NOT NULL,
  history_id BIGINT NULL,
  city VARCHAR(255) NULL,
  price DECIMAL(20, 4) NOT NULL,
  year SMALLINT NOT NULL,
  rooms SMALLINT NULL,
  area DECIMAL(12, 2) NULL,
  type VARCHAR(80) NULL,
  text_key BINARY(16) NULL,
  PRIMARY KEY (property_id),
  KEY by_id (status_id, property_id),
  KEY by_city_id (status_id, city, property_id),
  KEY by_year_id (status_id, year, property_id),
  KEY by_city_year_id (status_id, city, year, property_id),
  KEY by_price (status_id, price, property_id),
  KEY by_city_price (status_id, city, price, property_id),
  KEY by_date (status_id, status_date, property_id),
  KEY by_city_date (status_id, city, status_date, property_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci COMMENT = 'quintet';

-- Properties whose listing has to be made again, in the order in which they were written. `property_id` is null where no property can
-- have the id.
CREATE TABLE IF NOT EXISTS listing_change (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  property_id BIGINT NULL,
  PRIMARY KEY (seq)
) ENGINE = InnoDB COMMENT = 'quintet';

-- How far the listings have been made from a database with properties in it: those below `next_id` are there. `complete` is 1 at the end.
CREATE TABLE IF NOT EXISTS listing_build (
  id TINYINT NOT NULL,
  next_id BIGINT NOT NULL,
  complete TINYINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB COMMENT = 'quintet';

INSERT IGNORE INTO listing_build (id, next_id, complete) VALUES (1, 0, 0);

UPDATE listing_block SET ready = 0;
