-- name: find-triggers
-- The triggers of ours that are there.
SELECT t.TRIGGER_NAME AS name
FROM information_schema.TRIGGERS AS t
WHERE t.TRIGGER_SCHEMA = DATABASE() AND t.TRIGGER_NAME LIKE 'quintet\_listing\_%'

-- name: trigger-property-insert
-- The triggers note which listing has to be made again, and never fail: an id that no listing can have is noted as null.
CREATE TRIGGER quintet_listing_property_insert AFTER INSERT ON property FOR EACH ROW
INSERT IGNORE INTO listing_change (property_id) VALUES (IF(NEW.id BETWEEN 0 AND 9007199254740991, NEW.id, NULL))

-- name: trigger-property-update
CREATE TRIGGER quintet_listing_property_update AFTER UPDATE ON property FOR EACH ROW
INSERT IGNORE INTO listing_change (property_id)
SELECT IF(OLD.id BETWEEN 0 AND 9007199254740991, OLD.id, NULL)
UNION
SELECT IF(NEW.id BETWEEN 0 AND 9007199254740991, NEW.id, NULL)

-- name: trigger-property-delete
CREATE TRIGGER quintet_listing_property_delete AFTER DELETE ON property FOR EACH ROW
INSERT IGNORE INTO listing_change (property_id) VALUES (IF(OLD.id BETWEEN 0 AND 9007199254740991, OLD.id, NULL))

-- name: trigger-history-insert
CREATE TRIGGER quintet_listing_history_insert AFTER INSERT ON status_history FOR EACH ROW
INSERT IGNORE INTO listing_change (property_id)
VALUES (IF(NEW.property_id BETWEEN 0 AND 9007199254740991, NEW.property_id, NULL))

-- name: trigger-history-update
CREATE TRIGGER quintet_listing_history_update AFTER UPDATE ON status_history FOR EACH ROW
INSERT IGNORE INTO listing_change (property_id)
SELECT IF(OLD.property_id BETWEEN 0 AND 9007199254740991, OLD.property_id, NULL)
UNION
SELECT IF(NEW.property_id BETWEEN 0 AND 9007199254740991, NEW.property_id, NULL)

-- name: trigger-history-delete
CREATE TRIGGER quintet_listing_history_delete AFTER DELETE ON status_history FOR EACH ROW
INSERT IGNORE INTO listing_change (property_id)
VALUES (IF(OLD.property_id BETWEEN 0 AND 9007199254740991, OLD.property_id, NULL))

-- name: last-history
-- The greatest id of the history.
SELECT MAX(h.id) AS id FROM status_history AS h

-- name: new-history
-- Entries of the history from an id on, the last ones first.
SELECT h.id, h.property_id AS propertyId FROM status_history AS h WHERE h.id > :after ORDER BY h.id DESC LIMIT :rows

-- name: next-compared
-- The first id from one on that a property or a listing has.
SELECT MIN(n.id) AS id
FROM (
  SELECT MIN(p.id) AS id FROM property AS p WHERE p.id >= :from
  UNION ALL
  SELECT MIN(l.property_id) FROM listing AS l WHERE l.property_id >= :from
) AS n

-- name: differences
-- The ids of a block whose listing is not what it has to be. {rows} is `source-rows`.
SELECT n.property_id AS id
FROM ({rows}) AS n
LEFT JOIN listing AS l ON l.property_id = n.property_id
WHERE NOT (
  l.property_id IS NOT NULL
  AND l.status_id <=> n.status_id
  AND l.status_date <=> n.status_date
  AND l.history_id <=> n.history_id
  AND CAST(l.city AS BINARY) <=> CAST(n.city AS BINARY)
  AND l.price <=> n.price
  AND l.year <=> n.year
  AND l.rooms <=> n.rooms
  AND l.area <=> n.area
  AND CAST(l.type AS BINARY) <=> CAST(n.type AS BINARY)
  AND l.text_key <=> n.text_key
  AND (l.first_seen IS NOT NULL OR n.seen_at IS NULL)
)
UNION ALL
SELECT l.property_id
FROM listing AS l
LEFT JOIN property AS p ON p.id = l.property_id
WHERE l.property_id >= :first AND l.property_id < :end AND p.id IS NULL
