-- A property with its latest status.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status
FROM property AS p
INNER JOIN listing AS l ON l.property_id = p.id
INNER JOIN status AS s ON s.id = l.status_id
WHERE p.id = :id
