-- name: withdraw
-- Withdraws a property; one that is withdrawn keeps its date.
INSERT INTO listing_state (property_id, withdrawn_at) VALUES (:id, UTC_TIMESTAMP(3))
ON DUPLICATE KEY UPDATE withdrawn_at = withdrawn_at

-- name: restore
-- Restores a property that is withdrawn.
DELETE FROM listing_state WHERE property_id = :id

-- name: withdrawn
-- The next withdrawn properties, latest first, with their current statuses.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, {optional}
  (
    SELECT LOWER(TRIM(s.name))
    FROM status_history AS h
    LEFT JOIN status AS s ON s.id = h.status_id
    WHERE h.property_id = p.id
    ORDER BY h.update_date DESC, h.id DESC
    LIMIT 1
  ) AS status,
  w.withdrawn_at AS withdrawnAt
FROM listing_state AS w FORCE INDEX (listing_state_order)
INNER JOIN property AS p ON p.id = w.property_id
WHERE w.withdrawn_at > '1000-01-01'
  AND (w.withdrawn_at < :afterDate OR (w.withdrawn_at = :afterDate AND w.property_id < :afterId))   --? after
ORDER BY w.withdrawn_at DESC, w.property_id DESC
LIMIT :rows
