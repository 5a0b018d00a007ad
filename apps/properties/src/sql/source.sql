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
    'listing_place', 'price_history', 'quintet_migrations'
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
