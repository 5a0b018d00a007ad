-- What the index holds of some properties in the order of their ids.
SELECT l.property_id AS id, l.status_id AS statusId, l.status_date AS latestDate, l.price, l.year, p.address, p.description,
  LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey
FROM listing AS l
STRAIGHT_JOIN property AS p ON p.id = l.property_id
WHERE l.property_id >= :first AND l.property_id < :end
ORDER BY l.property_id
LIMIT :rows
