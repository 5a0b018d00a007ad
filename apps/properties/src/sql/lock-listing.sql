-- Holds a property for one writer until the transaction ends. Every write begins here, so that writers wait for each other
-- in one order.
SELECT l.property_id AS id, l.status_date AS latestDate
FROM listing AS l
WHERE l.property_id = :id
FOR UPDATE
