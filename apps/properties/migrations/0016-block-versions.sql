-- A number that grows with each change of a listing of the block, in the same transaction: what a process remembers of a block is right as
-- long as the number is the same.
SET @step = IF(
  EXISTS (
    SELECT 1 FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'listing_block' AND COLUMN_NAME = 'version'
  ),
  'DO 0',
  'ALTER TABLE listing_block ADD COLUMN version BIGINT NOT NULL DEFAULT 0'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
