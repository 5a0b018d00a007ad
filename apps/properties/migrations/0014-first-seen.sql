-- When a listing became visible for the first time, as far as the app knows: for what was there before, the date of its first visible status.
-- Null for one that never was; the first day of the year 1000 where that status has no date.
SET @step = IF(
  EXISTS (
    SELECT 1 FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'listing' AND COLUMN_NAME = 'first_seen'
  ),
  'DO 0',
  'ALTER TABLE listing ADD COLUMN first_seen DATETIME(3) NULL, ADD KEY by_first_seen (first_seen, property_id)'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Reads the tables of a team, and locks none of their rows.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

UPDATE listing AS l
INNER JOIN (
  SELECT h.property_id,
    MIN(CASE WHEN MONTH(h.update_date) > 0 AND DAYOFMONTH(h.update_date) > 0 THEN CAST(h.update_date AS DATETIME(3)) END) AS dated
  FROM status_history AS h
  WHERE h.status_id IN (SELECT s.id FROM status AS s WHERE LOWER(TRIM(s.name)) IN ('pre_venta', 'en_venta', 'vendido'))
  GROUP BY h.property_id
) AS n ON n.property_id = l.property_id
SET l.first_seen = LEAST(COALESCE(n.dated, CAST('1000-01-01' AS DATETIME(3))), UTC_TIMESTAMP(3))
WHERE l.first_seen IS NULL;

-- The index gets the months of it.
UPDATE listing_block SET ready = 0;
