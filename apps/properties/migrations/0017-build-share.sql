-- How many listings have been made, of how many properties there were at the beginning: ids may have any gaps, and tell nothing of it.
SET @step = IF(
  EXISTS (
    SELECT 1 FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'listing_build' AND COLUMN_NAME = 'made'
  ),
  'DO 0',
  'ALTER TABLE listing_build ADD COLUMN made BIGINT NOT NULL DEFAULT 0, ADD COLUMN total BIGINT NULL'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
