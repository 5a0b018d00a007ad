-- name: insert-status
-- Appends to a property's history, dated :updateDate, or now when that is null. Now is never before the latest entry, so that a
-- status that is set now is the current one even when the clock was set back.
INSERT INTO status_history (property_id, status_id, update_date)
VALUES (:id, :status, COALESCE(:updateDate, GREATEST(UTC_TIMESTAMP(3), COALESCE(:latestDate, UTC_TIMESTAMP(3)))))

-- name: advance-listing
-- Makes an entry of the history the current status, unless the listing has a later one: the latest entry has the greatest
-- update_date, and among equal dates the greatest id.
UPDATE listing AS l
INNER JOIN status_history AS h ON h.property_id = l.property_id
SET l.status_id = h.status_id, l.history_id = h.id, l.status_date = h.update_date
WHERE l.property_id = :id
  AND h.id = :historyId
  AND (l.status_date < h.update_date OR (l.status_date = h.update_date AND l.history_id < h.id))

-- name: history
-- The status history of a property, latest first.
SELECT h.id, s.name AS status, h.update_date AS updateDate
FROM status_history AS h
INNER JOIN status AS s ON s.id = h.status_id
WHERE h.property_id = :id
  AND (h.update_date < :afterDate OR (h.update_date = :afterDate AND h.id < :afterId))   --? after
ORDER BY h.update_date DESC, h.id DESC
LIMIT :rows

-- name: status-change
-- One entry of a history.
SELECT h.id, s.name AS status, h.update_date AS updateDate
FROM status_history AS h
INNER JOIN status AS s ON s.id = h.status_id
WHERE h.id = :historyId
