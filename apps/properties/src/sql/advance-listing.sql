-- The listing takes a row of the history as its status, unless it has a later one already: the latest row has the greatest
-- update_date, and of equal dates the greatest id.
UPDATE listing AS l
INNER JOIN status_history AS h ON h.property_id = l.property_id
SET l.status_id = h.status_id, l.history_id = h.id, l.status_date = h.update_date
WHERE l.property_id = :id
  AND h.id = :historyId
  AND (l.status_date < h.update_date OR (l.status_date = h.update_date AND l.history_id < h.id))
