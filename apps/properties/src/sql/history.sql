-- The statuses of a property, latest first.
SELECT h.id, s.name AS status, h.update_date AS updateDate
FROM status_history AS h
INNER JOIN status AS s ON s.id = h.status_id
WHERE h.property_id = :id
  AND (h.update_date < :afterDate OR (h.update_date = :afterDate AND h.id < :afterId))   --? after
ORDER BY h.update_date DESC, h.id DESC
LIMIT :rows
