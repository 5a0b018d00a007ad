-- name: distance
-- The distance of a place from a point in km, on a sphere (haversine). Every statement has this expression, so that all agree on it.
6371.0088 * 2 * ASIN(LEAST(1, SQRT(
  POWER(SIN(RADIANS(g.lat - :lat) / 2), 2)
  + COS(RADIANS(:lat)) * COS(RADIANS(g.lat)) * POWER(SIN(RADIANS(g.lon - :lon) / 2), 2)
)))

-- name: places
-- The places in a box, which the spatial index has, with their distances from a point; of those that it has :rows at most.
SELECT g.property_id AS id, g.lat, g.lon, {distance} AS distance
FROM listing_place AS g FORCE INDEX (listing_place_place)
WHERE MBRIntersects(ST_GeomFromText(:box), g.place)
LIMIT :rows

-- name: source-places
-- Where some properties are. Coordinates that are not on the Earth are no place. One meridian has two longitudes.
SELECT p.id, CAST(p.lat AS DECIMAL(9, 6)) AS lat, CAST(IF(p.lon = -180, 180, p.lon) AS DECIMAL(9, 6)) AS lon
FROM property AS p
WHERE p.lat BETWEEN -90 AND 90 AND p.lon BETWEEN -180 AND 180
  AND p.id IN ({ids})                    --? ids
  AND p.id >= :first AND p.id < :end     --? block

-- name: copy-places
-- Makes the places of some properties. {places} is `source-places`.
INSERT INTO listing_place (property_id, lat, lon, place)
SELECT n.id, n.lat, n.lon, POINT(n.lon, n.lat)
FROM ({places}) AS n
ON DUPLICATE KEY UPDATE lat = n.lat, lon = n.lon, place = POINT(n.lon, n.lat)

-- name: gone-places
-- Those of some places whose properties are gone, or have none any more.
SELECT g.property_id AS id
FROM listing_place AS g
LEFT JOIN property AS p ON p.id = g.property_id
  AND p.lat BETWEEN -90 AND 90 AND p.lon BETWEEN -180 AND 180   --? somewhere
  AND FALSE                                                     --? nowhere
WHERE p.id IS NULL
  AND g.property_id IN ({ids})                             --? ids
  AND g.property_id >= :first AND g.property_id < :end     --? block

-- name: place-differences
-- The properties of a block that are not where their places are. {places} is `source-places`.
SELECT n.id
FROM ({places}) AS n
LEFT JOIN listing_place AS g ON g.property_id = n.id
WHERE NOT (n.lat <=> g.lat AND n.lon <=> g.lon)

-- name: drop-places
DELETE g FROM listing_place AS g FORCE INDEX (PRIMARY) WHERE g.property_id IN ({ids})
