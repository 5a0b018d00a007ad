-- name: one
-- A property with its current status, which is null without a history, and with the date when it was withdrawn.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, {optional} LOWER(TRIM(s.name)) AS status,
  w.withdrawn_at AS withdrawnAt
FROM property AS p
LEFT JOIN (
  SELECT h.status_id
  FROM status_history AS h
  WHERE h.property_id = :id
  ORDER BY CASE WHEN MONTH(h.update_date) > 0 AND DAYOFMONTH(h.update_date) > 0 THEN h.update_date END DESC, h.id DESC
  LIMIT 1
) AS h ON TRUE
LEFT JOIN status AS s ON s.id = h.status_id
LEFT JOIN listing_state AS w ON w.property_id = :id
WHERE p.id = :id
LIMIT 1

-- name: optional-columns
-- The columns that not every schema has, for a list of columns. Coordinates that are not on the Earth are none.
p.rooms,                                                                                             --? rooms
p.area,                                                                                              --? area
p.type,                                                                                              --? type
CASE WHEN p.lat BETWEEN -90 AND 90 AND p.lon BETWEEN -180 AND 180 THEN p.lat END AS lat,             --? lat lon
CASE WHEN p.lat BETWEEN -90 AND 90 AND p.lon BETWEEN -180 AND 180 THEN p.lon END AS lon,             --? lat lon

-- name: insert-property
INSERT INTO property (
  rooms,   --? rooms
  area,    --? area
  type,    --? type
  lat,     --? lat
  lon,     --? lon
  address, city, price, description, year
)
VALUES (
  :rooms,   --? rooms
  :area,    --? area
  :type,    --? type
  :lat,     --? lat
  :lon,     --? lon
  :address, :city, :price, :description, :year
)

-- name: update-property
-- Changes the fields that are not null, and those optional ones that are chosen.
UPDATE property
SET
  rooms = :rooms,   --? rooms
  area = :area,     --? area
  type = :type,     --? type
  lat = :lat,       --? lat
  lon = :lon,       --? lon
  address = COALESCE(:address, address),
  city = COALESCE(:city, city),
  price = COALESCE(:price, price),
  description = COALESCE(:description, description),
  year = COALESCE(:year, year)
WHERE id = :id

-- name: lock-property
-- Locks a property until the transaction ends. Every write of one begins with this, so that concurrent writers wait for each other.
SELECT p.id FROM property AS p WHERE p.id = :id FOR UPDATE
