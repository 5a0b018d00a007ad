-- The listing of a property that was just made, from its first status.
INSERT INTO listing (property_id, status_id, status_date, history_id, city, price, year)
SELECT p.id, h.status_id, h.update_date, h.id, p.city, p.price, p.year
FROM property AS p
INNER JOIN status_history AS h ON h.property_id = p.id
WHERE p.id = :id AND h.id = :historyId
