-- name: columns
-- The columns of the tables that listings are made of, and of tables with names of ours.
SELECT c.TABLE_NAME AS tableName, c.COLUMN_NAME AS name, c.DATA_TYPE AS type, c.COLUMN_TYPE AS fullType,
  c.IS_NULLABLE = 'YES' AS nullable, c.COLUMN_DEFAULT IS NOT NULL AS hasDefault, c.EXTRA AS extra, t.TABLE_COMMENT AS comment,
  t.ENGINE AS engine, c.COLLATION_NAME AS collation
FROM information_schema.COLUMNS AS c
INNER JOIN information_schema.TABLES AS t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'
  AND c.TABLE_NAME IN (
    'property', 'status', 'status_history', 'listing', 'listing_term', 'listing_block', 'listing_change', 'listing_build',
    'listing_place', 'price_history', 'saved_search', 'saved_search_owner', 'search_change', 'search_digest',
    'quintet_migrations'
  )
ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION

-- name: index-columns
-- The first columns of the indexes of the tables that listings are made of.
SELECT s.TABLE_NAME AS tableName, s.COLUMN_NAME AS name, s.NON_UNIQUE = 0 AS isUnique
FROM information_schema.STATISTICS AS s
WHERE s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME IN ('property', 'status_history') AND s.SEQ_IN_INDEX = 1

-- name: earlier-version
-- Whether the listings were here before: then the tables with names of ours are ours.
SELECT m.name FROM quintet_migrations AS m WHERE m.app = 'properties' LIMIT 1

-- name: odd-properties
-- How many properties break each rule, and five of their ids.
SELECT k.kind, COUNT(*) AS count, SUBSTRING_INDEX(GROUP_CONCAT(p.id SEPARATOR ', '), ', ', 5) AS ids
FROM property AS p
INNER JOIN (
  SELECT 'no-address' AS kind
  UNION ALL SELECT 'no-city'
  UNION ALL SELECT 'no-price'
  UNION ALL SELECT 'no-description'
  UNION ALL SELECT 'no-year'
  UNION ALL SELECT 'long-address'
  UNION ALL SELECT 'long-city'
  UNION ALL SELECT 'long-description'
  UNION ALL SELECT 'other-price'
  UNION ALL SELECT 'other-year'
  UNION ALL SELECT 'other-id'
  UNION ALL SELECT 'nowhere'   --? lat lon
) AS k ON CASE k.kind
  WHEN 'no-address' THEN p.address IS NULL
  WHEN 'no-city' THEN p.city IS NULL
  WHEN 'no-price' THEN p.price IS NULL
  WHEN 'no-description' THEN p.description IS NULL
  WHEN 'no-year' THEN p.year IS NULL
  WHEN 'long-address' THEN CHAR_LENGTH(p.address) > 200
  WHEN 'long-city' THEN CHAR_LENGTH(p.city) > 255
  WHEN 'long-description' THEN CHAR_LENGTH(p.description) > 5000
  WHEN 'other-price' THEN p.price NOT BETWEEN 0 AND 999999999999999
  WHEN 'other-year' THEN p.year NOT BETWEEN 1800 AND 2100
  WHEN 'other-id' THEN p.id NOT BETWEEN 0 AND :maxId
  WHEN 'nowhere' THEN NOT (p.lat BETWEEN -90 AND 90 AND p.lon BETWEEN -180 AND 180)   --? lat lon
END
GROUP BY k.kind

-- name: without-history
-- The same for properties that no entry of the history is of.
SELECT COUNT(*) AS count, SUBSTRING_INDEX(GROUP_CONCAT(p.id SEPARATOR ', '), ', ', 5) AS ids
FROM property AS p
WHERE NOT EXISTS (SELECT 1 FROM status_history AS h WHERE h.property_id = p.id)

-- name: odd-history
-- The same for entries of the history.
SELECT k.kind, COUNT(*) AS count, SUBSTRING_INDEX(GROUP_CONCAT(h.id SEPARATOR ', '), ', ', 5) AS ids
FROM status_history AS h
LEFT JOIN property AS p ON p.id = h.property_id
LEFT JOIN status AS s ON s.id = h.status_id
INNER JOIN (
  SELECT 'no-property' AS kind
  UNION ALL SELECT 'no-status'
  UNION ALL SELECT 'no-date'
  UNION ALL SELECT 'zero-date'
  UNION ALL SELECT 'future-date'
) AS k ON CASE k.kind
  WHEN 'no-property' THEN p.id IS NULL
  WHEN 'no-status' THEN s.id IS NULL
  WHEN 'no-date' THEN h.update_date IS NULL
  WHEN 'zero-date' THEN MONTH(h.update_date) = 0 OR DAYOFMONTH(h.update_date) = 0
  WHEN 'future-date' THEN h.update_date > UTC_TIMESTAMP() + INTERVAL 1 DAY
END
GROUP BY k.kind
