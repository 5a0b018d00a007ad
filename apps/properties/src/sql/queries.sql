-- Saved queries, and the tables that SQL of staff may read.

-- name: readable-tables
-- Tables of statistics are added here. All others are for the app alone: accounts, likes, requests, the index of words.
SELECT table_name AS name
FROM information_schema.tables
WHERE table_schema = DATABASE()
  AND table_name IN ('property', 'status', 'status_history', 'listing', 'listing_place')
ORDER BY table_name;

-- name: saved-query
SELECT name, description, statement, params, columns_found, is_public, changed_by, changed_at
FROM properties_queries
WHERE name = :name;

-- name: saved-queries
SELECT name, description, statement, params, columns_found, is_public, changed_by, changed_at
FROM properties_queries
WHERE name > :after
  AND is_public = 1   --? public
ORDER BY name
LIMIT :rows;

-- name: save-query
-- One row is affected by an INSERT, two by an UPDATE.
INSERT INTO properties_queries (name, description, statement, params, columns_found, is_public, changed_by, changed_at)
VALUES (:name, :description, :statement, :params, :columns, :isPublic, :changedBy, UTC_TIMESTAMP(3))
ON DUPLICATE KEY UPDATE
  description = :description, statement = :statement, params = :params, columns_found = :columns, is_public = :isPublic,
  changed_by = :changedBy, changed_at = UTC_TIMESTAMP(3);

-- name: delete-query
DELETE FROM properties_queries WHERE name = :name;
