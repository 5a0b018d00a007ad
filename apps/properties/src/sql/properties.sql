-- name: one
-- A property with its current status.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status
FROM property AS p
INNER JOIN listing AS l ON l.property_id = p.id
INNER JOIN status AS s ON s.id = l.status_id
WHERE p.id = :id

-- name: insert-property
INSERT INTO property (address, city, price, description, year)
VALUES (:address, :city, :price, :description, :year)

-- name: update-property
-- Changes the fields that are not null.
UPDATE property
SET address = COALESCE(:address, address),
  city = COALESCE(:city, city),
  price = COALESCE(:price, price),
  description = COALESCE(:description, description),
  year = COALESCE(:year, year)
WHERE id = :id

-- name: lock-listing
-- Locks a property until the transaction ends, and returns what the term index has of it. Every write begins with this, so that
-- concurrent writers wait for each other in the same order.
SELECT l.property_id AS id, l.status_id AS statusId, l.status_date AS latestDate, l.price, l.year, p.address, p.description,
  LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey
FROM listing AS l
STRAIGHT_JOIN property AS p ON p.id = l.property_id
WHERE l.property_id = :id
FOR UPDATE

-- name: insert-listing
-- The listing of a new property, from its first status.
INSERT INTO listing (property_id, status_id, status_date, history_id, city, price, year)
SELECT p.id, h.status_id, h.update_date, h.id, p.city, p.price, p.year
FROM property AS p
INNER JOIN status_history AS h ON h.property_id = p.id
WHERE p.id = :id AND h.id = :historyId

-- name: update-listing
-- Updates the copies of the changed fields that searches use.
UPDATE listing
SET city = COALESCE(:city, city), price = COALESCE(:price, price), year = COALESCE(:year, year)
WHERE property_id = :id
