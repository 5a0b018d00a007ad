-- Holds a property for one writer until the transaction ends, and answers what the index holds of it. Every write begins
-- here, so that writers wait for each other in one order.
SELECT l.property_id AS id, l.status_id AS statusId, l.status_date AS latestDate, l.price, l.year, p.address, p.description,
  LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey
FROM listing AS l
STRAIGHT_JOIN property AS p ON p.id = l.property_id
WHERE l.property_id = :id
FOR UPDATE
