-- name: insert-status
-- Appends to a property's history, dated :updateDate, or now when that is null. Now is never before the latest entry, so that a
-- status that is set now is the current one even when the clock was set back.
INSERT INTO status_history (property_id, status_id, update_date)
VALUES (:id, :statusId, COALESCE(:updateDate, GREATEST(UTC_TIMESTAMP(3), COALESCE(:latestDate, UTC_TIMESTAMP(3)))))

-- name: latest-date
-- The date of the latest entry of a history, if it has one.
SELECT MAX(CASE WHEN h.update_date >= '1000-01-01' THEN h.update_date END) AS latestDate
FROM status_history AS h
WHERE h.property_id = :id

-- name: history
-- The status history of a property, latest first, entries without a date last.
SELECT h.id, LOWER(TRIM(s.name)) AS status, CASE WHEN h.update_date >= '1000-01-01' THEN h.update_date END AS updateDate
FROM status_history AS h
LEFT JOIN status AS s ON s.id = h.status_id
WHERE h.property_id = :id
  AND (h.update_date < :afterDate OR h.update_date IS NULL OR (h.update_date = :afterDate AND h.id < :afterId))   --? after
  AND (h.update_date < '1000-01-01' OR h.update_date IS NULL) AND h.id < :afterId                                 --? undated
ORDER BY h.update_date DESC, h.id DESC
LIMIT :rows

-- name: status-change
-- One entry of a history.
SELECT h.id, LOWER(TRIM(s.name)) AS status, CASE WHEN h.update_date >= '1000-01-01' THEN h.update_date END AS updateDate
FROM status_history AS h
LEFT JOIN status AS s ON s.id = h.status_id
WHERE h.id = :historyId
