-- One row of a history.
SELECT h.id, s.name AS status, h.update_date AS updateDate
FROM status_history AS h
INNER JOIN status AS s ON s.id = h.status_id
WHERE h.id = :historyId
